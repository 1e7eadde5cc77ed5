import CHost
import DiskModel
import Dispatch
import Logging
import NBDServer
import Synchronization
import SystemPackage

/// Has qemu-img write a disk in a format of qemu's, reading it by NBD from a socket
/// that nobody else can reach; there is no raw file in between.
struct QemuImage {
  let disk: Disk

  /// The format as qemu-img calls it.
  let format: String

  /// The file, which is there and may be written over.
  let path: String

  /// The server's socket and process, which have to go with this process.
  private let resources = Resources()

  init(_ disk: Disk, format: String, path: String) {
    self.disk = disk
    self.format = format
    self.path = path
  }

  /// Why there is no image.
  enum Failure: Error {
    /// The disk cannot be read.
    case source(String)
    /// Something else is wrong, which is told.
    case host(String)
  }

  /// What is to be ended or removed, by whatever thread.
  private final class Resources: Sendable {
    struct State {
      var process: CInt = 0
      var leftovers = Leftovers()
      /// Why reading failed first.
      var readFailure: String?
    }
    let state = Mutex(State())
  }

  /// Ends what runs; any thread may call it at any time.
  func abandon() {
    resources.state.withLock { state in
      if state.process > 0 {
        _ = host_send_signal(state.process, SignalNumber.kill)
        // Until it can make no file any more.
        _ = host_wait_child(state.process)
      }
      state.leftovers.remove()
    }
  }

  /// Writes the image.
  ///
  /// - Parameter progress: Is told how many bytes qemu-img has read.
  /// - Throws: ``Failure``.
  func write(progress: @escaping @Sendable (Int) -> Void) throws(Failure) {
    let socket: String
    let server: NBDServer
    do {
      socket = try resources.state.withLock { try $0.leftovers.makeDirectory() } + "/socket"
      server = try NBDServer(
        on: .unix(path: socket, mode: 0o600),
        catalog: ExportCatalog([Export(name: "", description: "", disk: disk)]),
        logger: logger
      )
    } catch {
      throw .host((error as? UserError)?.lines.first ?? "\(error)")
    }
    defer {
      server.stop()
      resources.state.withLock { $0.leftovers.remove() }
    }
    let uri = ExportURI(.unix(path: socket, mode: 0o600), exportName: "").text
    let words = ["qemu-img", "convert", "-f", "raw", "-O", format, uri, path]
    let (status, message) = try run(words) { progress(server.metrics.tally.readSize) }
    guard status != 0 else { return }
    if let failure = resources.state.withLock({ $0.readFailure }) { throw .source(failure) }
    if status == 127 {
      throw .host("\(format) needs qemu-img, which is not installed (Debian: qemu-utils)")
    }
    throw .host(message.isEmpty ? "qemu-img ended with status \(status)" : message)
  }

  /// Runs a program, whose messages are caught.
  private func run(
    _ words: [String],
    whileRunning: @escaping @Sendable () -> Void
  ) throws(Failure) -> (status: CInt, message: String) {
    let script = "exec \(words.map(shellQuoted).joined(separator: " ")) 2>&1 >/dev/null"
    var process: CInt = 0
    let output = unsafe host_spawn_script(script, &process)
    guard output >= 0 else {
      throw .host("/bin/sh: \(Errno(rawValue: -output).description)")
    }
    defer { host_close(output) }
    resources.state.withLock { [process] in $0.process = process }
    let watch = Ticker(whileRunning)
    var message: [UInt8] = []
    while let piece = try? HostCall.readStream(output, count: 4096), !piece.isEmpty {
      if message.count < 1 << 16 { message += piece }
    }
    let status = host_wait_child(process)
    resources.state.withLock { $0.process = 0 }
    watch.end()
    let line = message.split(separator: UInt8(ascii: "\n")).first ?? []
    return (status, HostPath.printable(line))
  }

  /// Remembers the first thing that could not be read.
  private var logger: Logger {
    Logger(label: "nbdgen.write") { [resources] _ in FirstError(resources: resources) }
  }

  private struct FirstError: LogHandler {
    let resources: Resources
    var logLevel = Logger.Level.error
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      guard event.level >= .error else { return }
      let facts = event.metadata ?? [:]
      let text =
        facts["file"].map { file in
          "\(file): at offset \(facts["offset"] ?? "0"): \(facts["cause"] ?? "")"
        } ?? event.message.description
      resources.state.withLock { if $0.readFailure == nil { $0.readFailure = text } }
    }
  }
}

/// Does something ten times a second, on a thread of its own.
private final class Ticker: Sendable {
  private let isOver = Atomic(false)

  init(_ action: @escaping @Sendable () -> Void) {
    DispatchQueue.global().async { [self] in
      while !isOver.load(ordering: .acquiring) {
        action()
        host_sleep_milliseconds(100)
      }
    }
  }

  func end() { isOver.store(true, ordering: .releasing) }
}
