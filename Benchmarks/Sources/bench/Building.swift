import Glibc
import NBDLoad

/// Something that makes a disk from a tree.
struct Builder {
  enum Work {
    /// A server, that is done when a client has the first bytes.
    case server((Address) -> [String])
    /// A program, that is done when it ends.
    case program(String)
  }

  var peer: Peer
  var work: Work
}

extension Suite {
  /// The cases in which disks are made.
  func measureBuilding() throws {
    guard wants("building/") else { return }
    try measureBigFiles()
    try measureManyFiles()
    try measureFloppy()
    try measurePerInode()
    report("building, to the first byte", "building/")
  }

  private func measureBigFiles() throws {
    let test = "building/2G-in-8-files"
    guard wants(test) else { return }
    let tree = try inputs.once("big") { path in
      try Inputs.makeDirectory(path)
      for file in 0..<8 { try Inputs.writeRandom("\(path)/file-\(file)", scaled(256) << 20) }
    }
    try build(test, linuxDisk(tree, mebibytes: scaled(2048), inodes: 8), runs: runs)
    inputs.forget("big")
  }

  private func measureManyFiles() throws {
    let count = scaled(100_000)
    if wants("building/100k-files") {
      let builders = try linuxDisk(smallFiles(), mebibytes: count * 6 / 1024, inodes: count)
      try build("building/100k-files", builders, runs: runs)
    }
    if wants("building/100k-in-one-directory") {
      let tree = try inputs.tree("flat", directories: 1, files: count, largest: 1000)
      let builders = linuxDisk(tree, mebibytes: count * 4 / 1024, inodes: count)
      // mke2fs looks through the whole directory for every name.
      try build("building/100k-in-one-directory", builders.filter { $0.isQuick }, runs: runs)
      try build("building/100k-in-one-directory", builders.filter { !$0.isQuick }, runs: 1)
      inputs.forget("flat")
    }
    if wants("building/deep-tree") {
      let levels = scaled(1000)
      let tree = try inputs.deepTree("deep", levels: levels, files: 10)
      let builders = linuxDisk(tree, mebibytes: levels / 16, inodes: levels * 11)
      try build("building/deep-tree", builders, runs: runs)
      inputs.forget("deep")
    }
  }

  private func measureFloppy() throws {
    let test = "building/floppy-20k-files"
    guard wants(test) else { return }
    let tree = try inputs.tree("floppy", directories: scaled(200), files: 100, largest: 8000)
    try build(
      test,
      [Peer.nbdgen, .nbdkit].map {
        Builder(peer: $0, work: .server(commands.generator($0, ["floppy", tree])))
      },
      runs: runs
    )
    inputs.forget("floppy")
  }

  /// What an inode costs, as the difference to a tree of none.
  private func measurePerInode() throws {
    let counts = [("10k", 10_000), ("100k", 100_000), ("1M", 1_000_000)]
    let wanted = counts.filter { wants("building/inodes-\($0.0)") }
    guard !wanted.isEmpty else { return }
    let nothing = try inputs.tree("nothing", directories: 0, files: 0, largest: 0)
    var base: [Peer: [Figure: Double]] = [:]
    for builder in linuxDisk(nothing, mebibytes: 64, inodes: 10) {
      let figures = try (0..<runs).map { _ in try measure(builder) }
      for figure in [Figure.cpuSeconds, .peak] {
        base[builder.peer, default: [:]][figure] = Format.median(
          figures.compactMap { $0.first { $0.0 == figure }?.1 }
        )
      }
    }
    for (name, fullCount) in wanted {
      let count = scaled(fullCount)
      let tree = try inputs.tree(name, directories: count / 1000, files: 1000, largest: 0)
      let test = "building/inodes-\(name)"
      let builders = linuxDisk(tree, mebibytes: max(64, count / 1024), inodes: count)
      try build(test, builders.filter { $0.isQuick }, runs: runs)
      try build(test, builders.filter { !$0.isQuick }, runs: 1)
      for builder in builders {
        let inodes = Double(count + count / 1000)
        for (figure, each, unit) in [
          (Figure.cpuSeconds, Figure.inodeCPU, 1e6), (.peak, .inodeBytes, 1_048_576),
        ] {
          guard let none = base[builder.peer]?[figure],
            let found = results.find(test, figure, builder.peer), !found.runs.isEmpty
          else { continue }
          try results.add(
            test,
            each,
            builder.peer,
            found.runs.map { ($0 - none) * unit / inodes }
          )
        }
      }
      inputs.forget(name)
    }
  }

  /// Everybody who makes a Linux filesystem of a tree, and who only looks at it.
  private func linuxDisk(_ tree: String, mebibytes: Int, inodes: Int) -> [Builder] {
    let image = "\(inputs.folder)/image"
    let size = mebibytes * 5 / 4 + inodes / 2048 + 64
    let format =
      "mke2fs -q -F -t ext2 -b 1024 -N \(inodes * 5 / 4 + 1000) -d \(tree) \(image) \(size)M"
    let servers = [Peer.nbdgen, .nbdkit].map { peer in
      let words = commands.linuxDisk(peer, tree, mebibytes: mebibytes, inodes: inodes)
      return Builder(peer: peer, work: .server(commands.generator(peer, words)))
    }
    return servers + [
      Builder(
        peer: .mke2fs,
        work: .program("rm -f \(image); \(format); s=$?; rm -f \(image); exit $s")
      ),
      Builder(peer: .find, work: .program("find \(tree) -ls > /dev/null")),
    ]
  }

  private func build(_ test: String, _ builders: [Builder], runs: Int) throws {
    say("  measuring \(test)")
    try alternate(builders.map(\.peer), test, runs: runs, failing: .time) { peer in
      guard let builder = builders.first(where: { $0.peer == peer }) else { return [] }
      return try measure(builder)
    }
  }

  private func measure(_ builder: Builder) throws -> [(Figure, Double)] {
    switch builder.work {
    case .server(let command):
      return try measureServer(builder.peer, command)
    case .program(let command):
      let start = Clocks.now()
      let process = try ChildProcess(["/bin/sh", "-c", command], output: log)
      guard let usage = process.wait(atMost: patience) else {
        throw BenchFailure("not ready after \(Format.figure(patience)) s")
      }
      let time = Double(Clocks.now() - start) / 1e9
      guard usage.status == 0 else {
        throw BenchFailure(lastWords: log)
      }
      return figures(time, usage, peak: 0)
    }
  }

  private func measureServer(
    _ peer: Peer,
    _ command: (Address) -> [String]
  ) throws
    -> [(Figure, Double)]
  {
    let start = Clocks.now()
    let server = try Server(
      peer,
      at: address(peer),
      log: log,
      patience: patience,
      command: command
    )
    let connection = try Negotiated(to: server.address)
    _ = try connection.read(1 << 20..<1 << 20 + 4096)
    let time = Double(Clocks.now() - start) / 1e9
    connection.disconnect()
    // The others leave the work to children, whose peaks nobody is told of.
    let peak = peer == .nbdgen ? server.process.memory("VmHWM") : 0
    return figures(time, server.end(), peak: peak)
  }

  /// The system counts a program's peak from that of the program that started it: what
  /// is not above that is not known, unless the program was asked.
  private func figures(
    _ time: Double,
    _ usage: ChildProcess.Usage,
    peak: Double
  )
    -> [(Figure, Double)]
  {
    var own = rusage()
    unsafe _ = getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &own)
    let known = usage.peakMemory > Double(own.ru_maxrss) / 1024 ? usage.peakMemory : 0
    return [(.time, time), (.cpuSeconds, usage.cpu)]
      + (max(peak, known) > 0 ? [(.peak, max(peak, known))] : []) + [(.written, usage.written)]
  }

  /// How many seconds anybody has to make a disk.
  private var patience: Double { isQuick ? 15 : 45 }
}

extension Builder {
  /// Whether it is done in a second or two, however large the tree.
  fileprivate var isQuick: Bool { peer == .nbdgen || peer == .find }
}
