import NBDLoad

/// The groups of cases in which disks are served.
extension Suite {
  func measureServing() throws {
    for isTCP in [false, true] where wants(isTCP ? "memory/tcp/" : "memory/unix/") {
      try measure(memory(isTCP: isTCP))
    }
    if wants("holes/") { try measure(holes()) }
    if wants("repeating/") { try measure(repeating()) }
    for isTCP in [false, true] where wants(isTCP ? "file/tcp/" : "file/unix/") {
      try measure(file(isTCP: isTCP, isCold: false))
    }
    if wants("cold-file/") { try measure(file(isTCP: false, isCold: true)) }
    if wants("linuxdisk/") { try measure(linuxDisk()) }
    if wants("linuxdisk-9k/") { try measure(smallLinuxDisk()) }
  }

  private func transport(_ isTCP: Bool) -> String { isTCP ? "tcp" : "unix" }

  /// 64 MiB in memory: nbdgen has what a script printed, others a file of tmpfs.
  func memory(isTCP: Bool) throws -> ServingGroup {
    let file = try inputs.random("memory", mebibytes: 64, inMemory: true)
    return ServingGroup(
      prefix: "memory/\(transport(isTCP))/",
      title: "memory over \(isTCP ? "TCP" : "a unix socket")",
      isTCP: isTCP,
      contenders: [
        Contender(
          peer: .nbdgen,
          command: commands.generator(.nbdgen, ["data", "<(cat \(file))"]),
          reference: file
        ),
        Contender(
          peer: .nbdkit,
          command: commands.generator(.nbdkit, ["memory", "64M"]),
          reference: file,
          prepare: { server, _ in try shell("nbdcopy \(file) '\(server.address.uri)'") }
        ),
        Contender(peer: .qemuNbd, command: commands.qemuNbd(file), reference: file),
        Contender(peer: .nbdServer, command: commands.nbdServer(file), reference: file),
        Contender(peer: .floor, command: commands.floor(size: 64 << 20)),
      ],
      cases: ServingCase.all
    )
  }

  private func holes() throws -> ServingGroup {
    let file = try inputs.sparse("hole", size: 1 << 30)
    return ServingGroup(
      prefix: "holes/unix/",
      title: "holes",
      contenders: [
        Contender(
          peer: .nbdgen,
          command: commands.generator(.nbdgen, ["data", "", "size=1G"]),
          reference: file
        ),
        Contender(
          peer: .nbdkit,
          command: commands.generator(.nbdkit, ["memory", "1G"]),
          reference: file
        ),
        Contender(peer: .qemuNbd, command: commands.qemuNbd(file), reference: file),
        Contender(peer: .nbdServer, command: commands.nbdServer(file), reference: file),
      ],
      cases: [.random(depth: 64), .sequential("256k", size: 256 << 10)]
    )
  }

  /// Each has a repetition of its own, of 64 MiB: a text, and nbdkit's pattern of offsets.
  private func repeating() throws -> ServingGroup {
    let size = 64 << 20
    let text = try inputs.once("repetition") { path in
      try shell("yes abcdefghijklmno | head -c \(size) > \(path)")
    }
    let pattern = try inputs.once("pattern") { path in
      try shell(
        "python3 -c 'import sys, struct; sys.stdout.buffer.write(b\"\".join("
          + "struct.pack(\">Q\", n) for n in range(0, \(size), 8)))' > \(path)"
      )
    }
    return ServingGroup(
      prefix: "repeating/unix/",
      title: "repetitions",
      contenders: [
        Contender(
          peer: .nbdgen,
          command: commands.generator(.nbdgen, ["data", "\"abcdefghijklmno\\n\"*4M"]),
          reference: text
        ),
        Contender(
          peer: .nbdkit,
          command: commands.generator(.nbdkit, ["pattern", "64M"]),
          reference: pattern
        ),
      ],
      cases: [.random(depth: 64), .sequential("256k", size: 256 << 10)]
    )
  }

  /// 512 MiB in one file of the host, which nbdgen serves within a FAT filesystem.
  func file(isTCP: Bool, isCold: Bool) throws -> ServingGroup {
    let size = scaled(512) << 20
    let folder = try inputs.once("file") { path in
      try Inputs.makeDirectory(path)
      try Inputs.writeRandom("\(path)/content", size)
    }
    let file = "\(folder)/content"
    if !isCold { try Inputs.warm(file) }
    var group = ServingGroup(
      prefix: isCold ? "cold-file/unix/" : "file/\(transport(isTCP))/",
      title: (isCold ? "a file of the host, not in its memory" : "a file in the host's memory")
        + (isTCP ? ", over TCP" : ""),
      isTCP: isTCP,
      contenders: [
        Contender(
          peer: .nbdgen,
          command: commands.generator(.nbdgen, ["floppy", folder]),
          reference: file,
          prepare: { server, contender in
            let start = try Self.start(of: file, on: server.address)
            contender.ranges = [start..<start + size]
            contender.referenceOffset = start
          }
        ),
        Contender(
          peer: .nbdkit,
          command: commands.generator(.nbdkit, ["file", file]),
          reference: file
        ),
        Contender(peer: .qemuNbd, command: commands.qemuNbd(file), reference: file),
        Contender(peer: .nbdServer, command: commands.nbdServer(file), reference: file),
        Contender(
          peer: .floor,
          command: commands.floor(size: size, file: file),
          reference: file
        ),
      ],
      cases: isTCP ? ServingCase.some : ServingCase.all
    )
    if isCold {
      group.cases = [.random(depth: 64), .sequential("256k", size: 256 << 10)]
      group.prepare = { try Inputs.drop(file) }
      // What a server has in its own memory the system does not forget.
      group.startsAnew = true
    }
    return group
  }

  /// Where a disk has the first bytes of a file, within its first 8 MiB.
  private static func start(of file: String, on address: Address) throws -> Int {
    let wanted = try Negotiated.bytes(ofFile: file, count: 4096)
    let connection = try Negotiated(to: address)
    defer { connection.disconnect() }
    for offset in stride(from: 0, to: min(8 << 20, connection.size - 4096), by: 512)
    where try connection.read(offset..<offset + 4096) == wanted {
      return offset
    }
    throw BenchFailure("the disk does not have the file")
  }

  /// 100,000 small files in 1,000 directories, read at random where there is data.
  func linuxDisk() throws -> ServingGroup {
    try linuxDisk(
      "linuxdisk/unix/",
      of: smallFiles(),
      count: scaled(100_000),
      [1, 16, 64].map { .random(depth: $0) } + [ServingCase(name: "nbdcopy", work: .copy)]
    )
  }

  /// The same with as many files as can be kept open, where a process may have 20,000
  /// descriptors.
  func smallLinuxDisk() throws -> ServingGroup {
    let tree = try inputs.tree("few", directories: scaled(90), files: 100, largest: 8000)
    return linuxDisk(
      "linuxdisk-9k/unix/",
      of: tree,
      count: scaled(9000),
      [1, 64].map { .random(depth: $0) }
    )
  }

  private func linuxDisk(
    _ prefix: String,
    of tree: String,
    count: Int,
    _ cases: [ServingCase]
  ) -> ServingGroup {
    let findRanges = { (server: Server, contender: inout Contender) in
      let connection = try Negotiated(to: server.address, blockStatus: true)
      defer { connection.disconnect() }
      contender.ranges = try connection.dataRanges()
    }
    return ServingGroup(
      prefix: prefix,
      title: "linuxdisk of \(count) files",
      contenders: [Peer.nbdgen, .nbdkit].map { peer in
        Contender(
          peer: peer,
          command: commands.generator(
            peer,
            commands.linuxDisk(peer, tree, mebibytes: count * 6 / 1024, inodes: count)
          ),
          prepare: findRanges
        )
      },
      cases: cases
    )
  }

  /// The tree of 100,000 files of up to 8,000 bytes in 1,000 directories.
  func smallFiles() throws -> String {
    try inputs.tree("small", directories: scaled(1000), files: 100, largest: 8000)
  }
}
