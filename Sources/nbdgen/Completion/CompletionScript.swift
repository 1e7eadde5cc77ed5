/// What shells need to ask the program how a command line may go on.
///
/// All that is known of commands, generators and parameters is in the program; these only
/// bring its answers into the form of each shell, and look for paths themselves.
enum CompletionScript {
  static let bash = #"""
    # Completions of nbdgen for bash.

    _nbdgen() {
      local rest=$COMP_LINE trimmed word i
      local -a words=()
      # bash takes words apart at = and :, which belong to them here.
      for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        trimmed=${rest#"${rest%%[![:space:]]*}"}
        if [[ $i -eq 0 || -z $word || $trimmed != "$rest" ]]; then
          words+=("$word")
        else
          words[${#words[@]} - 1]+=$word
        fi
        rest=${trimmed#"$word"}
      done
      local current=${words[${#words[@]} - 1]} before=
      if [[ $current == *[=:]* && $COMP_WORDBREAKS == *[=:]* ]]; then
        before=${current%"${current##*[=:]}"}
      fi

      COMPREPLY=()
      local kind text path program=${words[0]/#\~/$HOME}
      while IFS=$'\t' read -r kind text _; do
        case $kind in
          word) COMPREPLY+=("${text#"$before"} ") ;;
          start) COMPREPLY+=("${text#"$before"}") ;;
          file | directory)
            path=${current#"$text"}
            text=${text#"$before"}
            # readline quotes paths, and shows the ends of long ones, but would do that to
            # all words; among others they are quoted here.
            local isAlone=
            if [[ ${#COMPREPLY[@]} -eq 0 ]]; then
              isAlone=yes
              compopt -o filenames +o nospace 2>/dev/null
            fi
            while IFS= read -r path; do
              if [[ -z $isAlone ]]; then
                if [[ -d $path ]]; then path=$(printf '%q/' "$path"); else path=$(printf '%q ' "$path"); fi
              fi
              COMPREPLY+=("$text$path")
            done < <(if [[ $kind == file ]]; then compgen -f -- "$path"; else compgen -d -- "$path"; fi)
            ;;
        esac
      done < <("$program" complete -- "${words[@]:1}" 2>/dev/null)
    } && complete -o nospace -F _nbdgen nbdgen
    """#

  static let zsh = #"""
    #compdef nbdgen
    # Completions of nbdgen for zsh.

    _nbdgen() {
      local kind text about paths= prefix=
      local program=${(Q)words[1]}
      local -a full start before=("${(@Q)words[2,CURRENT-1]}")
      while IFS=$'\t' read -r kind text about; do
        case $kind in
          word) full+=("${text//:/\\:}${about:+:$about}") ;;
          start) start+=("${text//:/\\:}${about:+:$about}") ;;
          file | directory) paths=$kind prefix=$text ;;
        esac
      done < <("${program/#\~/$HOME}" complete -- "${before[@]}" "${(Q)PREFIX}" 2>/dev/null)

      local result=1
      (( $#full )) && _describe -t values value full && result=0
      (( $#start )) && _describe -t parameters parameter start -S '' && result=0
      if [[ -n $paths ]]; then
        compset -P "${(b)prefix}"
        if [[ $paths == directory ]]; then
          _files -/ && result=0
        else
          _files && result=0
        fi
      fi
      return result
    }

    if [[ $funcstack[1] == _nbdgen ]]; then _nbdgen "$@"; else compdef _nbdgen nbdgen; fi
    """#

  static let fish = #"""
    # Completions of nbdgen for fish.

    function __nbdgen_complete
        set -l words (commandline -opc)
        set -l current (commandline -ct)
        set -l program (string replace -r '^~' $HOME -- $words[1])
        for line in (command $program complete -- $words[2..-1] "$current" 2>/dev/null)
            set -l parts (string split \t -- $line)
            switch $parts[1]
                case word start
                    printf '%s\t%s\n' $parts[2] $parts[3]
                case file directory
                    set -l path (string sub -s (math (string length -- $parts[2]) + 1) -- $current)
                    for found in (complete -C "'' $path")
                        set found (string split -f 1 \t -- $found)
                        if test $parts[1] = file; or string match -q '*/' -- $found
                            printf '%s%s\n' $parts[2] $found
                        end
                    end
            end
        end
    end

    complete -c nbdgen -f -a '(__nbdgen_complete)'
    """#
}
