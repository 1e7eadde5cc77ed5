public import GeneratorKit

extension InfoDisk {
  /// What users are told about the generator.
  public static let manual = Manual(
    name: "info",
    summary: "a disk that the client brings in the export name, or that tells about the client",
    mainParameter: "mode",
    parameters: [
      .init(
        "mode",
        "exportname|base64exportname|data|address|connection|time|uptime|conntime",
        "What clients get, one of the modes below, in upper or lower case. Default: exportname."
      )
    ],
    discussion: """
      The server holds nothing: each client gets a disk of its own, made from the name of the \
      export that it asks for. A name has at most 4096 bytes. A name that makes no disk is refused \
      with a message; the client may try another one.

      THE DISK IS IN THE NAME

          exportname              the disk is the name, byte for byte (also export-name)
          base64exportname        the name is the disk in Base64, with + and / or with - and _,
                                  padded or not (also base64-export-name)
          data                    the name is an expression of nbdgen data, without files,
                                  scripts and variables

      THE DISK TELLS ABOUT THE CLIENT

          address                 where the client is: 127.0.0.1:4711, [::1]:4711 or unix
          connection              all that is known of the connection, as lines of text: address,
                                  options, what was negotiated, what information was requested
          time                    the time since 1970-01-01 UTC
          uptime                  the time since the server started
          conntime                the time since the client connected

      A time has 12 bytes, big endian: 8 for the seconds, 4 for the microseconds. They belong \
      together even if they are read one by one. Only time follows the host's clock when that is \
      set; the other two never jump.

      In the name of an export, and in what follows a nbd:// URI's host, a disk can be handed \
      around that nobody has to store. Clients take back the %XX of a URI; for those that do not, \
      a name that is no expression is taken back by mode=data.

      nbdgen share prints URIs and commands for that, from a file or an expression.

      EXAMPLES

      A disk of 512 bytes 0x55:

          nbdgen info data --run 'nbdcopy "$uri/0x55*512" - | od -Ax -tx1'

      What does a client negotiate?

          nbdgen info connection --run 'nbdcopy "$uri" - | tr -d "\\0"'

      A boot sector that is in the name:

          nbdgen -e "$(base64 -w0 boot.bin)" info base64exportname \\
            --run 'qemu-system-i386 -drive file="$uri",format=raw,snapshot=on'
      """
  )
}
