import Glibc
import NBDLoad

/// Servers of the same thing, that stay up while cases are measured.
struct ServingGroup {
  /// What the names of cases start with, such as `memory/unix/`.
  var prefix: String
  var title: String
  var isTCP = false
  var contenders: [Contender]
  var cases: [ServingCase]
  /// What is done before each measurement.
  var prepare: () throws -> Void = {}
  /// Whether each measurement has a server of its own, which has read nothing yet.
  var startsAnew = false
}

/// A server, and what is to be known of its disk.
struct Contender {
  var peer: Peer
  var command: (Address) -> [String]
  /// A file with the disk's bytes, and where on the disk they begin.
  var reference: String?
  var referenceOffset = 0
  /// Where requests fall.
  var ranges: [Range<Int>] = []
  /// What is done once when it is up; it may find out the ranges.
  var prepare: (Server, inout Contender) throws -> Void = { _, _ in }
}

/// What is asked of servers.
struct ServingCase {
  enum Work {
    case load(LoadPlan)
    case connect
    /// nbdcopy(1) of all of it to nowhere.
    case copy
  }

  var name: String
  var work: Work

  static func random(depth: Int, connections: Int = 1) -> ServingCase {
    var plan = LoadPlan()
    plan.depth = depth
    plan.connections = connections
    return ServingCase(name: "4k-\(depth)x\(connections)", work: .load(plan))
  }

  static func sequential(_ name: String, size: Int, depth: Int = 4) -> ServingCase {
    var plan = LoadPlan()
    plan.depth = depth
    plan.requestSize = size
    plan.pattern = .sequential
    return ServingCase(name: "\(name)-\(depth)x1", work: .load(plan))
  }

  /// One read after the other, each of as much as the socket takes at once: how often it
  /// takes only a part of more is a matter of chance.
  static let whole = sequential("160k", size: 160 << 10, depth: 1)

  static let large = [sequential("256k", size: 256 << 10), sequential("2m", size: 2 << 20)]
  static let connect = ServingCase(name: "connect", work: .connect)

  static let blockStatus = {
    var plan = LoadPlan()
    plan.depth = 16
    plan.request = .blockStatus
    plan.requestSize = 1 << 20
    return ServingCase(name: "block-status-16x1", work: .load(plan))
  }()

  static let all =
    [1, 16, 64].flatMap { [random(depth: $0), random(depth: $0, connections: 4)] } + large
    + [blockStatus, connect]
  static let some =
    [random(depth: 1), random(depth: 64), random(depth: 64, connections: 4)] + large
}

extension Suite {
  /// Starts the servers, checks what they serve, and measures the cases in turn.
  func measure(_ group: ServingGroup) throws {
    let cases = group.cases.filter { wants(group.prefix + $0.name) }
    guard !cases.isEmpty else { return }
    var running: [Peer: (contender: Contender, server: Server)] = [:]
    defer { running.values.forEach { $0.server.end() } }
    var peers: [Peer] = []
    let start = { (contender: Contender) in
      try Server(
        contender.peer,
        at: self.address(contender.peer, isTCP: group.isTCP),
        log: self.log,
        command: contender.command
      )
    }
    for var contender in group.contenders {
      do {
        let server = try start(contender)
        try contender.prepare(server, &contender)
        try check(contender, server)
        running[contender.peer] = (contender, server)
        peers.append(contender.peer)
      } catch {
        for each in cases {
          try results.add(group.prefix + each.name, .rate, contender.peer, [], remark: "\(error)")
        }
        say("\(group.prefix) \(contender.peer.rawValue): \(error)")
      }
    }
    if group.startsAnew { running.values.forEach { $0.server.end() } }
    for each in cases {
      let able = peers.filter { peer in
        switch each.work {
        case .load(let plan):
          plan.request == .read || peer != .floor && peer != .nbdServer
        case .connect, .copy: true
        }
      }
      try alternate(able, group.prefix + each.name, runs: runs) { peer in
        guard let (contender, kept) = running[peer] else { return [] }
        let server = group.startsAnew ? try start(contender) : kept
        defer { if group.startsAnew { server.end() } }
        try group.prepare()
        return try measure(each, contender, server)
      }
    }
    report(group.title, group.prefix)
  }

  private func measure(
    _ each: ServingCase,
    _ contender: Contender,
    _ server: Server
  ) throws
    -> [(Figure, Double)]
  {
    let process = server.identifier
    switch each.work {
    case .connect:
      let result = try LoadClient.connectRepeatedly(
        to: server.address,
        export: contender.peer == .nbdServer ? "default" : "",
        duration: 250_000_000,
        process: process
      )
      return [(.rate, result.rate), (.cpu, result.serverMicroseconds)]
    case .load(var plan):
      plan.ranges = contender.ranges
      let result = try LoadClient.run(plan, at: server.address, process: process)
      return [(.rate, result.rate), (.cpu, result.serverMicroseconds)]
    case .copy:
      let cpu = Clocks.cpu(ofProcess: process)
      let start = Clocks.now()
      try shell("nbdcopy '\(server.address.uri)' null:")
      return [
        (.time, Double(Clocks.now() - start) / 1e9),
        (.cpuSeconds, Double(Clocks.cpu(ofProcess: process) - cpu) / 1e9),
      ]
    }
  }

  /// Compares what a server sends with what it should.
  ///
  /// - Throws: ``LoadFailure`` or ``BenchFailure``
  private func check(_ contender: Contender, _ server: Server) throws {
    guard let reference = contender.reference else { return }
    for each in [ServingCase.random(depth: 16), .random(depth: 1, connections: 4)]
      + ServingCase.large
    {
      guard case .load(var plan) = each.work else { continue }
      plan.ranges = contender.ranges
      plan.reference = reference
      plan.referenceOffset = contender.referenceOffset
      plan.warmUp = 0
      plan.duration = 50_000_000
      let result = try LoadClient.run(plan, at: server.address)
      guard result.bytesCompared >= result.bytes, result.bytes > 0 else {
        throw BenchFailure("nothing was compared")
      }
    }
  }
}
