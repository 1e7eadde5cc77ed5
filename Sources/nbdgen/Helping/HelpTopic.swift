/// A page about something that several generators or commands have in common.
struct HelpTopic {
  /// The word that selects it.
  var name: String

  /// One line that says what it is about, without a full stop.
  var summary: String

  /// The page.
  var text: String

  /// All pages, in the order in which they are listed.
  static let all = [exports, sizes, uri, tls, signals, exitStatus, environment]

  private static let sizes = HelpTopic(
    name: "sizes",
    summary: "how sizes are written",
    text: """
      sizes: how sizes are written

      A size is a number of bytes, or a number and a letter for a power of 1024: K, M, G, T, P or E.

        size=512          512 bytes
        size=1440K        a floppy disk
        size=10G          10 GiB
        size=+1G          1 GiB more than the content needs (linuxdisk and floppy)

      Options such as --limit take the same.
      """
  )

  private static let uri = HelpTopic(
    name: "uri",
    summary: "how clients reach a disk, and what --run's command knows",
    text: """
      uri: how clients reach a disk

        nbd://HOST:PORT/NAME              TCP; the port is 10809 if there is none
        nbd+unix:///NAME?socket=PATH      a unix socket
        nbd+vsock://CONTEXT:PORT/NAME     a virtual machine's host
        nbds://, nbds+unix://             the same, encrypted

      NAME is the export's; characters that mean something in a URI are written as %XX. Without a
      name clients get the default export.

      The command of --run finds these variables:

        $uri, $nbd      the URI
        $unixsocket     the socket's path, empty with TCP
        $port           the port, empty with a unix socket
        $exportname     the name that -e gave
        $tls            2 if clients must encrypt, 1 if they may, otherwise empty

      A shell takes ? and & for itself: write "$uri", with quotes.
      """
  )

  private static let tls = HelpTopic(
    name: "tls",
    summary: "encryption, and who may connect",
    text: """
      tls: encryption, and who may connect

        --tls-certificates DIR    holds server-cert.pem and server-key.pem (X.509, PEM)
        --tls-verify-peer         clients prove who they are; ca-cert.pem in DIR says to whom
        --tls-psk FILE            instead: keys that clients share, lines username:hexkey
        --tls=require             clients that do not encrypt are refused
        --tls=on                  clients may encrypt: the default with one of the above

      With --tls=on whoever stands between may keep a client from encrypting; what should stay
      secret wants --tls=require. Without any of these nothing is encrypted, and who can reach the
      socket can read the disk: a unix socket is the user's own (--mode), and TCP listens on the
      loopback alone unless -i says otherwise.
      """
  )

  private static let signals = HelpTopic(
    name: "signals",
    summary: "what signals do",
    text: """
      signals: what signals do

        SIGINT, SIGTERM, SIGQUIT    end the server: replies on their way are finished, and it is gone
                                    within a second; a second signal ends it at once
        SIGHUP                      with a file of exports: reads it anew, see nbdgen help exports;
                                    with --log-file: opens that anew; otherwise ends the server
        SIGUSR1                     says what the server did so far

      While a disk is built or written, a signal ends nbdgen at once; what it was writing is removed.
      """
  )

  private static let exitStatus = HelpTopic(
    name: "exit-status",
    summary: "what the exit status means",
    text: """
      exit-status: what the exit status means

        0        success; also a server that a signal ended
        1        the host refused: a file, a directory, a socket, a program, no room
        2        the command line, or a file of exports, is wrong; nothing was done
        128+N    signal N ended nbdgen while it built or wrote a disk

      With --run it is the status of the command; 128+N if signal N ended the command, or nbdgen.

      Errors are lines on the standard error that start with "nbdgen: ".
      """
  )

  private static let environment = HelpTopic(
    name: "environment",
    summary: "variables that nbdgen heeds",
    text: """
      environment: variables that nbdgen heeds

        SOURCE_DATE_EPOCH         the time of what has none, in seconds since 1970
        TMPDIR                    where temporary sockets and files are, otherwise /tmp
        TERM=dumb                 no progress is shown
        NO_COLOR                  nothing is in colour; nbdgen serve, write, list and help never are
        LISTEN_FDS, LISTEN_PID    sockets that systemd or another supervisor hands over

      A data expression that names a script gives it all variables of nbdgen.
      """
  )
}
