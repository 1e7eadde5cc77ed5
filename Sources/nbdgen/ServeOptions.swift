import ArgumentParser
import NBDServer

/// The options about serving, whatever is served.
struct ServeOptions: ParsableArguments {
  @Option(
    name: [.customShort("U", allowingJoined: true), .long],
    parsing: .unconditional,
    help: .init("Listen on a unix socket; - makes one in a new directory.", valueName: "path")
  )
  var unix: String?

  @Flag(
    name: [.customShort("s"), .customLong("single"), .customLong("stdin")],
    help: "Serve one client, on the standard input and output."
  )
  var isSingle = false

  @Option(
    name: .customLong("mode"),
    parsing: .unconditional,
    help: .init(
      "Who may connect to the unix socket, in octal. (default: 600, the user alone)",
      valueName: "mode"
    )
  )
  var mode: String?

  @Flag(
    name: .customLong("exit-with-parent"),
    help: "End when the process that started nbdgen ends."
  )
  var exitsWithParent = false

  @Option(
    name: [.customShort("p", allowingJoined: true), .long],
    parsing: .unconditional,
    help: "Listen on a TCP port; 0 takes a free one. (default: 10809)"
  )
  var port: String?

  @Option(
    name: [
      .customShort("i", allowingJoined: true), .customLong("ip-addr"), .customLong("ipaddr"),
    ],
    parsing: .unconditional,
    help: .init("Listen on this address. (default: loopback only)", valueName: "address")
  )
  var address: String?

  @Flag(
    name: .customLong("vsock"),
    help: "Listen for virtual machines on this host, or for the host of this one, by vsock."
  )
  var isVsock = false

  @Option(
    name: .exportName,
    parsing: .unconditional,
    help: .init(
      "Name of the export; of a file, the one that clients get that name none. (default: none)",
      valueName: "name"
    )
  )
  var exportName = ""

  @Option(
    name: .customLong("run"),
    parsing: .unconditional,
    help: .init(
      "Run a shell command with $uri, $nbd, $unixsocket, $port, $exportname and $tls set, and end with it.",
      valueName: "command"
    )
  )
  var command: String?

  @Option(
    name: [
      .customShort("P", allowingJoined: true), .customLong("pidfile"), .customLong("pid-file"),
    ],
    parsing: .unconditional,
    help: .init("Write the process number to a file when clients can connect.", valueName: "path")
  )
  var pidFile: String?

  @Option(
    name: .customLong("limit"),
    parsing: .unconditionalSingleValue,
    help: .init(
      "What clients may cost: \(LimitOption.names). May be given several times.",
      valueName: "name=value"
    ),
    completion: .list(LimitOption.allCases.map { "\($0.rawValue)=" })
  )
  var limits: [String] = []

  @OptionGroup var tls: TLSOptions

  @OptionGroup var hostAccess: HostAccessOptions

  @Flag(
    name: [.customShort("f"), .customLong("foreground"), .customLong("no-fork")],
    help: "Stay in the foreground, as always."
  )
  var staysInForeground = false

  @Flag(
    name: [.customShort("r"), .customLong("readonly"), .customLong("read-only")],
    help: "Serve read-only, as always."
  )
  var isReadOnly = false

  @Option(
    name: .customLong("trace"),
    parsing: .unconditional,
    help: .init("Record which files and structures clients read, and when.", valueName: "file")
  )
  var trace: String?

  @OptionGroup var logging: LoggingOptions

  @Flag(
    name: .customLong("json"),
    help: "Say what is served as a JSON object, on the standard output."
  )
  var isJSON = false

  /// Serves until a signal, or the command's end.
  ///
  /// - Throws: ``UserError``, or an exit status other than 0.
  func serve(_ offering: Offering) throws {
    if isJSON {
      let given = [("-s", isSingle), ("--run", command != nil)]
      if let option = given.first(where: \.1)?.0 {
        throw UserError(
          usage: "--json and \(option): the standard output is not nbdgen's; leave one of them out"
        )
      }
    }
    let session = ServeSession(
      offering: offering,
      endpoint: try EndpointChoice(self),
      limits: try LimitOption.limits(limits),
      exportName: try checkedExportName(),
      security: try tls.security(),
      command: command,
      pidFile: pidFile.map(absolute),
      log: try logging.output(),
      metricsEndpoint: try logging.metricsEndpoint(),
      isVerbose: logging.verbose,
      isQuiet: logging.quiet,
      isJSON: isJSON,
      tracePath: trace
    )
    if exitsWithParent { try ParentProcess.exitWithIt() }
    let status = try session.run()
    if status != 0 { throw ExitCode(status) }
  }

  private func checkedExportName() throws -> String {
    let size = exportName.utf8.count
    guard size <= 4096 else {
      throw UserError(usage: "-e: an export name has at most 4096 bytes, this one has \(size)")
    }
    return exportName
  }
}
