import ArgumentParser
import NBDLoad

/// Serves as the floor: copies bytes and does nothing else.
struct Floor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Serves the same bytes over and over, as quickly as a socket takes them."
  )

  @Option(help: "The unix socket to listen on.")
  var unix: String?

  @Option(help: "The port to listen on.")
  var port: UInt16?

  @Option(help: "Size of the disk in bytes.")
  var size: Int

  @Option(help: "A file whose bytes are read by pread for each request.")
  var file: String?

  func run() throws {
    let address = try Address(unix: unix, port: port)
    try FloorServer.run(at: address, content: file.map { .file(path: $0) } ?? .memory, size: size)
  }
}

extension Address {
  /// The place that options name.
  init(unix: String?, port: UInt16?) throws {
    switch (unix, port) {
    case (let path?, nil): self = .unix(path: path)
    case (nil, let port?): self = .tcp(port: port)
    default: throw ValidationError("give --unix PATH or --port PORT")
    }
  }
}
