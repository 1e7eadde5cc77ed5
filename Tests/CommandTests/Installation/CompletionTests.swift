import Foundation
import TestSupport
import Testing

/// What shells make of a line when somebody presses the tabulator.
@CommandThread
@Suite("Completion", .tags(.command), .timeLimit(.minutes(30)))
struct CompletionTests {
  /// Lines as they are typed, and the words that come of them.
  private static let typed: [(keys: String, words: [String])] = [
    ("linuxd\\ttyp\\text4 tree/su\\t", ["linuxdisk", "type=ext4", "tree/sub/"]),
    (
      "--tls=re\\t-U - fl\\tbootsector=a\\t",
      ["--tls=require", "-U", "-", "floppy", "bootsector=a file"]
    ),
    ("--tls-ps\\ta\\tinf\\tmod\\tup\\t", ["--tls-psk", "a file", "info", "mode=uptime"]),
    ("--limit in-f\\t4M dig\\t", ["--limit", "in-flight=4M", "dig"]),
    ("dig\\tlin\\ttar=tree/f\\t", ["digest", "linuxdisk", "tar=tree/file"]),
    ("help flo\\t", ["help", "floppy"]),
    ("--run fl flo\\t", ["--run", "fl", "floppy"]),
    ("linuxdisk type=ext4 typ\\t", ["linuxdisk", "type=ext4", "typ"]),
  ]

  private struct Place {
    let directory: TemporaryDirectory

    init() throws {
      directory = try TemporaryDirectory()
      try RawPath(directory("tree")).makeDirectory()
      try RawPath(directory("tree/sub")).makeDirectory()
      try RawPath(directory("tree/file")).write()
      try RawPath(directory("a file")).write()
    }

    /// A shell that finds the program.
    func program(_ name: String) throws -> Program {
      let folder = try Installation.shared()("bin")
      let variables = ["PATH": "\(folder):/usr/bin:/bin:/usr/sbin:/sbin", "TERM": "dumb"]
      return try Program(name, environment: variables, directory: directory.path)
    }
  }

  /// Types all lines into a shell at a terminal, where `nbdgen` shows its words but when
  /// the completions ask it.
  private func type(into shell: String, after setup: String) throws -> [String] {
    let place = try Place()
    let show = """
      \(setup)
      PS1='> '
      nbdgen() {
        if [[ $1 == complete ]]; then command nbdgen "$@"; else printf 'RAN'; printf '<%s>' "$@"; echo; fi
      }

      """
    try RawPath(place.directory("setup")).write(Array(show.utf8))
    let lines = Self.typed.map { "nbdgen \($0.keys)" }
    let text = ([". ./setup"] + lines + ["exit", ""]).joined(separator: "\\n")
    let keys = text.replacing("\\t", with: "\t").replacing("\\n", with: "\n")
    let outcome = try place.program("script")
      .run(["-qec", shell, "/dev/null"], input: Array(keys.utf8))
    return outcome.lines.compactMap { line in
      line.firstMatch(of: /RAN(<.*>)/).map { String($0.1) }
    }
  }

  private static func shown(_ words: [String]) -> String {
    words.map { "<\($0)>" }.joined()
  }

  @Test("bash completes commands, generators, parameters, values and paths")
  func bash() throws {
    let file = try Installation.shared()("share/bash-completion/completions/nbdgen")
    let shown = try type(into: "bash --norc --noprofile -i", after: ". '\(file)'")
    #expect(shown == Self.typed.map { Self.shown($0.words) })
  }

  @Test("zsh does")
  func zsh() throws {
    let folder = try Installation.shared()("share/zsh/site-functions")
    let setup = "fpath=('\(folder)' $fpath)\nautoload -Uz compinit\ncompinit -u -D"
    let shown = try type(into: "zsh -f -i", after: setup)
    // A slash that zsh put there itself goes when the line ends.
    let expected = Self.typed.map { Self.shown($0.words).replacing("/>", with: ">") }
    #expect(shown == expected)
  }

  @Test("fish does")
  func fish() throws {
    let place = try Place()
    let file = try Installation.shared()("share/fish/vendor_completions.d/nbdgen.fish")
    let cases: [(line: String, candidates: [String])] = [
      ("nbdgen lin", ["linuxdisk"]), ("nbdgen linuxdisk typ", ["type="]),
      ("nbdgen linuxdisk type=", ["type=ext2", "type=ext3", "type=ext4"]),
      ("nbdgen linuxdisk tree/", ["tree/sub/"]),
      ("nbdgen linuxdisk tar=tree/", ["tar=tree/file", "tar=tree/sub/"]),
      ("nbdgen floppy bootsector=a", ["bootsector=a file"]),
      ("nbdgen --tls=", ["--tls=off", "--tls=on", "--tls=require"]),
      ("nbdgen --tls-p", ["--tls-psk"]), ("nbdgen -U - inf", ["info"]), ("nbdgen dig", ["digest"]),
    ]
    let script = cases.map { "echo '= \($0.line)'; complete -C '\($0.line)'" }
    let lines = try place.program("fish")
      .succeed(["--no-config", "-c", (["source '\(file)'"] + script).joined(separator: "\n")]).lines
    let expected = cases.flatMap { ["= \($0.line)"] + $0.candidates }
    #expect(lines.map { $0.prefix { $0 != "\t" } } == expected.map { $0[...] })
  }
}
