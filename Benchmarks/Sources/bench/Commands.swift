import NBDLoad

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

  /// A linuxdisk of a tree.
  ///
  /// nbdkit leaves it to mke2fs how many inodes there are, which is one
  /// for every 16 KiB; there may be too few for the tree unless the disk is larger.
  func linuxDisk(_ program: Peer, _ tree: String, mebibytes: Int, inodes: Int) -> [String] {
    let needsRoom = program == .nbdkit && inodes > mebibytes * 40
    return ["linuxdisk", tree]
      + (needsRoom ? ["size=\(mebibytes * 5 / 4 + inodes / 48 + 64)M"] : [])
  }

  static func listen(_ address: Address) -> [String] {
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
      var freePort: UInt16 = 0
      if case .tcp(let port)? = try? Address.freePort() { freePort = port }
      let name = "\(folder)/nbd-server.conf"
      let place =
        switch address {
        // It listens on a port, too.
        case .unix(let path):
          "unixsock = \(path)\nlistenaddr = 127.0.0.1\nport = \(freePort)"
        case .tcp(let port): "listenaddr = 127.0.0.1\nport = \(port)"
        }
      let text =
        "[generic]\n\(place)\nallowlist = true\n[default]\nexportname = \(file)\nreadonly = true\n"
      try? TextFile.write(text, to: name)
      // In the foreground it would serve a single client.
      return ["nbd-server", "-C", name, "-p", Server.daemonFile(in: folder)]
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
