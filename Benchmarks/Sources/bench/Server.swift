import Glibc
import NBDLoad

/// Who serves.
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

  /// Starts a server, and waits until a client can negotiate with it.
  ///
  /// - Parameters:
  ///   - peer: Who serves.
  ///   - command: What to run, given the address.
  ///   - address: Where it is to listen.
  ///   - pause: How often to look whether it listens already, in microseconds.
  /// - Throws: ``BenchFailure`` if it ends, or does not listen after five minutes.
  init(
    _ peer: Peer,
    at address: Address,
    pause: UInt32 = 1000,
    command: (Address) -> [String]
  ) throws {
    self.peer = peer
    self.address = address
    if case .unix(let path) = address { unsafe _ = unlink(path) }
    let words = command(address)
    process = try ChildProcess(words)
    let deadline = Clocks.now() + 300 * 1_000_000_000
    while true {
      if let connection = try? Negotiated(to: address) {
        connection.disconnect()
        return
      }
      guard !process.hasEnded, Clocks.now() < deadline else {
        process.end()
        throw BenchFailure("does not serve: \(words.joined(separator: " "))")
      }
      usleep(pause)
    }
  }

  /// Ends it.
  @discardableResult
  func end() -> ChildProcess.Usage {
    let usage = process.end()
    if case .unix(let path) = address { unsafe _ = unlink(path) }
    return usage
  }
}

/// How servers are told where to listen, and what to serve.
struct Commands {
  /// The program that is measured.
  var nbdgen: String
  /// This program.
  var bench: String
  /// Where files that servers need may be made.
  var folder: String

  /// nbdgen and nbdkit have the same words.
  func generator(_ program: Peer, _ words: [String]) -> (Address) -> [String] {
    let name = program == .nbdgen ? nbdgen : "nbdkit"
    let options = program == .nbdgen ? [] : ["-f"]
    return { [name] + options + Self.listen($0) + words }
  }

  private static func listen(_ address: Address) -> [String] {
    switch address {
    case .unix(let path): ["-U", path]
    case .tcp(let port): ["-i", "127.0.0.1", "-p", String(port)]
    }
  }

  func qemuNbd(_ file: String) -> (Address) -> [String] {
    { address in
      let place =
        switch address {
        case .unix(let path): ["-k", path]
        case .tcp(let port): ["-b", "127.0.0.1", "-p", String(port)]
        }
      return ["qemu-nbd", "-r", "-f", "raw", "--aio=io_uring", "-e", "16", "-t"] + place + [file]
    }
  }

  func nbdServer(_ file: String) -> (Address) -> [String] {
    { address in
      let name = "\(folder)/nbd-server.conf"
      let place =
        switch address {
        case .unix(let path): "unixsock = \(path)\nport = 0"
        case .tcp(let port): "listenaddr = 127.0.0.1\nport = \(port)"
        }
      let text =
        "[generic]\n\(place)\nallowlist = true\n[default]\nexportname = \(file)\nreadonly = true\n"
      try? TextFile.write(text, to: name)
      return ["nbd-server", "-d", "-C", name]
    }
  }

  func floor(size: Int, file: String? = nil) -> (Address) -> [String] {
    { address in
      let place =
        switch address {
        case .unix(let path): ["--unix", path]
        case .tcp(let port): ["--port", String(port)]
        }
      return [bench, "floor", "--size", String(size)] + place + (file.map { ["--file", $0] } ?? [])
    }
  }
}
