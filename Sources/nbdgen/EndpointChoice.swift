import CHost
import NBDServer
import SystemPackage

/// Where to meet clients, before temporary sockets have their path.
enum EndpointChoice {
  case endpoint(Endpoint)

  /// A socket in a new directory, which is removed at the end.
  case temporarySocket(mode: UInt16)

  /// One client, on the standard input and output.
  case single

  /// Sockets that listen already, perhaps until the first clients have gone.
  case inherited([CInt], endsWithClients: Bool)

  /// What the options and the environment say.
  ///
  /// - Throws: ``UserError`` if they contradict one another.
  init(_ options: ServeOptions) throws {
    if let descriptors = try Activation.descriptors() {
      let given = [
        ("-U", options.unix != nil), ("-p", options.port != nil),
        ("-i", options.address != nil), ("--mode", options.mode != nil),
        ("--vsock", options.isVsock),
        ("--run", options.command != nil),
      ]
      if let option = given.first(where: \.1)?.0 {
        throw UserError(usage: "\(option): the sockets come from LISTEN_FDS; leave \(option) out")
      }
      // Clients that start a server on a socket may be used to -s.
      self = .inherited(descriptors, endsWithClients: options.isSingle)
      return
    }
    if options.isSingle {
      try Self.checkSingle(options)
      self = .single
      return
    }
    if options.isVsock {
      self = .endpoint(try Self.vsock(options))
      return
    }
    let mode = try Self.mode(options)
    if let unix = options.unix {
      guard options.port == nil else {
        throw UserError(usage: "-U and -p: a server listens in one way; leave one of them out")
      }
      if let address = options.address {
        throw UserError(usage: "-i \(address): an address is for TCP; leave out -U or -i")
      }
      guard !unix.isEmpty else {
        throw UserError(usage: "-U: not a path; write the path of a socket, or - for a new one")
      }
      self =
        unix == "-"
        ? .temporarySocket(mode: mode) : .endpoint(.unix(path: absolute(unix), mode: mode))
      return
    }
    guard options.mode == nil else {
      throw UserError(usage: "--mode: is for a unix socket; add -U, or leave it out")
    }
    guard let number = UInt16(options.port ?? "10809") else {
      let port = options.port ?? ""
      throw UserError(usage: "-p \(port): not a port; write a number from 0 to 65535")
    }
    self = .endpoint(.tcp(address: options.address, port: Int(number)))
  }

  private static func checkSingle(_ options: ServeOptions) throws {
    let given = [
      ("-U", options.unix != nil), ("-p", options.port != nil), ("-i", options.address != nil),
      ("--mode", options.mode != nil), ("--run", options.command != nil),
      ("--vsock", options.isVsock),
    ]
    if let option = given.first(where: \.1)?.0 {
      throw UserError(usage: "-s and \(option): with -s there is one client; leave one of them out")
    }
    guard host_is_terminal(0) == 0 else {
      throw UserError(usage: "-s: the standard input is a terminal; a client has to be there")
    }
  }

  private static func vsock(_ options: ServeOptions) throws -> Endpoint {
    let given = [
      ("-U", options.unix != nil), ("-i", options.address != nil), ("--mode", options.mode != nil),
    ]
    if let option = given.first(where: \.1)?.0 {
      throw UserError(
        usage: "--vsock and \(option): a server listens in one way; leave one of them out"
      )
    }
    guard let port = UInt32(options.port ?? "10809"), port != .max else {
      let port = options.port ?? ""
      throw UserError(usage: "-p \(port): not a port of a vsock; write a number below 2^32 - 1")
    }
    return .vsock(context: nil, port: port)
  }

  private static func mode(_ options: ServeOptions) throws -> UInt16 {
    guard let text = options.mode else { return 0o600 }
    guard let mode = UInt16(text, radix: 8), mode <= 0o777 else {
      throw UserError(usage: "--mode \(text): not a file's mode; write it in octal, such as 660")
    }
    return mode
  }
}

/// Sockets that a supervisor made, such as systemd (sd_listen_fds(3)).
enum Activation {
  /// Where they start.
  private static let first: CInt = 3

  /// Most of them, as in nbdkit.
  private static let limit = 16

  /// The sockets, if there are any for this process; children are told of none.
  static func descriptors() throws -> [CInt]? {
    let variables = Environment.variables
    guard let process = variables["LISTEN_PID"], let text = variables["LISTEN_FDS"],
      Int32(process) == host_process_number()
    else { return nil }
    for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] {
      Environment.remove(name)
    }
    guard let count = Int(text), (1...limit).contains(count) else {
      throw UserError(host: "LISTEN_FDS=\(text): not a number of sockets from 1 to \(limit)")
    }
    return (0..<CInt(count)).map { first + $0 }
  }
}

/// The process that started this one.
enum ParentProcess {
  /// Ends this process with its parent.
  static func exitWithIt() throws {
    let result = host_exit_with_parent()
    guard result != 0 else { return }
    let cause = Errno(rawValue: -result)
    throw UserError(host: "--exit-with-parent: \(cause.description)")
  }
}
