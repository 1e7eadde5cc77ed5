import Glibc
import NBDLoad

/// Who serves, or does what a server would do.
enum Peer: String, Codable, CaseIterable {
  case nbdgen
  case nbdkit
  case qemuNbd = "qemu-nbd"
  case nbdServer = "nbd-server"
  case mke2fs = "mke2fs -d"
  case find = "find -ls"
  case floor
}

/// A server that runs.
final class Server {
  let peer: Peer
  let address: Address
  let process: ChildProcess
  /// The process that serves: the one that was started, or a daemon that it left behind.
  private(set) var identifier: pid_t

  /// Starts a server, and waits until a client can negotiate with it.
  ///
  /// - Parameters:
  ///   - peer: Who serves.
  ///   - address: Where it is to listen.
  ///   - log: Where its messages go.
  ///   - pause: How often to look whether it listens already, in microseconds.
  ///   - patience: How many seconds it has until it listens.
  ///   - command: What to run, given the address.
  /// - Throws: ``BenchFailure`` if it ends, or does not listen in time.
  init(
    _ peer: Peer,
    at address: Address,
    log: String,
    pause: UInt32 = 1000,
    patience: Double = 60,
    command: (Address) -> [String]
  ) throws {
    self.peer = peer
    self.address = address
    Self.forget(address)
    process = try ChildProcess(command(address), output: log)
    identifier = process.identifier
    let deadline = ContinuousClock.now + .seconds(patience)
    while true {
      if let connection = try? Negotiated(to: address) {
        connection.disconnect()
        findDaemon(log)
        return
      }
      guard !process.hasEnded || peer == .nbdServer && process.wait().status == 0 else {
        throw BenchFailure(lastWords: log)
      }
      guard ContinuousClock.now < deadline else {
        process.end()
        Self.forget(address)
        throw BenchFailure("not ready after \(Format.figure(patience)) s")
      }
      usleep(pause)
    }
  }

  deinit {
    end()
  }

  /// Where nbd-server tells which process serves.
  static func daemonFile(in folder: String) -> String { "\(folder)/nbd-server.pid" }

  private func findDaemon(_ log: String) {
    guard peer == .nbdServer, let end = log.lastIndex(of: "/"),
      let text = try? TextFile.read(Self.daemonFile(in: String(log[..<end]))),
      let found = pid_t(text.prefix { $0.isNumber })
    else { return }
    identifier = found
    Interruption.add(found)
  }

  /// Ends it.
  @discardableResult
  func end() -> ChildProcess.Usage {
    if identifier != process.identifier {
      kill(identifier, SIGTERM)
      Interruption.ended(identifier)
      identifier = process.identifier
    }
    let usage = process.end()
    Self.forget(address)
    return usage
  }

  private static func forget(_ address: Address) {
    if case .unix(let path) = address { unsafe _ = unlink(path) }
  }
}
