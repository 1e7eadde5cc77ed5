/// What is written of the program besides its commands, its generators and ``HelpTopic``.
struct Topic {
  /// The heading, in capitals.
  var title: String

  /// Paragraphs separated by empty lines; indented lines stay as they are.
  var text: String

  /// What is listed below the text.
  var entries: [(term: String, text: String)]

  /// What the program does, for one line.
  static let summary = "builds disks on the fly and serves them over NBD"

  /// What the program does.
  static let description = """
    nbdgen makes a disk that does not exist yet, and serves it over NBD (Network Block Device), \
    read-only: there is no image file, nothing is copied, and nothing is written. A generator says \
    what the disk is, KEY=VALUE are its parameters, and the options say how it is served.

    Without -p and -U it listens on TCP port 10809, for clients on the same host only. It stays in \
    the foreground, says in one line what it serves and how to reach it, and ends on Ctrl-C or \
    when the command of --run ends.

        nbdgen linuxdisk root/
        nbdgen -U - linuxdisk root/ --run 'nbdinfo "$uri"'
    """

  /// The last chapters.
  static let all = [
    Topic(
      title: "LIMITS",
      text: "What clients may cost; --limit NAME=VALUE sets it otherwise. Sizes may have a unit, "
        + "K, M, G or T, which are powers of 1024; times are in seconds.",
      entries: [
        ("connections=16384", "Connections; more are closed at once."),
        (
          "connections-per-address=4096",
          "Connections from one address; more are closed at once. Unix sockets have no address."
        ),
        ("negotiation-time=60", "Seconds until a client has to have its disk, or is disconnected."),
        ("negotiation-idle-time=30", "Seconds between options of a client that negotiates."),
        ("options=10000", "Options that a client sends; more disconnect it."),
        ("option-size=64K", "Size of an option; a larger one disconnects the client."),
        ("in-flight=4M", "Bytes of one connection's replies on their way from storage; more wait."),
        (
          "buffer-memory=256M",
          "Bytes of all replies on their way from storage, or not read by clients; more wait, and "
            + "who has not read for a second is disconnected, longest first."
        ),
        ("request-size=4294967295", "Size of a request; a larger one gets an error."),
      ]
    ),
    Topic(
      title: "SEE ALSO",
      text: "nbdinfo(1), nbdcopy(1), qemu-img(1), nbd-client(8), nbdkit(1), systemd.socket(5)",
      entries: []
    ),
  ]
}
