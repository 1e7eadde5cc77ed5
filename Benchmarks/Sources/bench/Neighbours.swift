import Glibc
import NBDLoad
import Synchronization

/// How long a client's cached reads take while another client reads what is not in
/// memory.
extension Suite {
  /// How often at least it is measured: where threads wait for processors, which of them
  /// is where is left to chance for as long as a server runs.
  private static let leastRuns = 9

  func measureNeighbours() throws {
    guard wants("neighbour/") else { return }
    let cached = 64 << 20
    let size = cached + scaled(2048) << 20
    let file = try inputs.once("neighbours") { try Inputs.writeRandom($0, size) }
    let commands: [Peer: (Address) -> [String]] = [
      .nbdgen: commands.generator(.nbdgen, ["data", "<\(file)"]),
      .nbdkit: commands.generator(.nbdkit, ["file", file]),
    ]
    let contestants = Neighbour.allCases.flatMap { neighbour in
      [Peer.nbdgen, .nbdkit].map { Contestant(test: "neighbour/\(neighbour.rawValue)", peer: $0) }
    }
    let runs = isQuick ? runs : max(runs, Self.leastRuns)
    try alternate(contestants, runs: runs, failing: .p50) { contestant in
      let peer = contestant.peer
      guard let command = commands[peer],
        let neighbour = Neighbour(rawValue: String(contestant.test.dropFirst("neighbour/".count)))
      else { return [] }
      if neighbour.readsColdData { try Inputs.drop(file, cached..<size) }
      try Inputs.warm(file, neighbour == .cached ? size : cached)
      // One that has read nothing: what a server has in its own memory the system does
      // not forget.
      let server = try Server(peer, at: address(peer), log: log, command: command)
      defer { server.end() }
      guard neighbour == .coldElsewhere else {
        let address = server.address
        return try measure(server, neighbour, at: address, 0..<cached, others: cached..<size)
      }
      let other = try Server(peer, at: address(peer, "other"), log: log, command: command)
      defer { other.end() }
      return try measure(server, neighbour, at: other.address, 0..<cached, others: cached..<size)
    }
    report("4 KiB reads, one at a time, and a neighbour with 16", "neighbour/")
    inputs.forget("neighbours")
  }

  private func measure(
    _ server: Server,
    _ neighbour: Neighbour,
    at neighboursAddress: Address,
    _ cached: Range<Int>,
    others: Range<Int>
  ) throws -> [(Figure, Double)] {
    var plan = LoadPlan()
    plan.ranges = [cached]
    // Storage is slow at times, for longer than half a second.
    plan.duration = 1_000_000_000
    // More threads than processors.
    plan.sleeps = true
    var crowd: Crowd?
    if neighbour != .none {
      var others = LoadPlan(reading: others)
      others.depth = 16
      others.sleeps = true
      crowd = try Crowd(others, at: neighboursAddress)
    }
    let result = try LoadClient.run(plan, at: server.address)
    let rate = try crowd?.stop()
    guard rate != 0 else { throw BenchFailure("the neighbour read nothing") }
    return [
      (.p50, result.latencies.percentile(0.5)), (.p99, result.latencies.percentile(0.99)),
    ]
  }
}

/// What the other client does.
private enum Neighbour: String, CaseIterable {
  case none = "alone"
  case cached = "beside-cached-reads"
  case cold = "beside-cold-reads"
  /// The same as ``cold``, at a server of its own: what is left then is the machine's doing.
  case coldElsewhere = "beside-cold-reads-elsewhere"

  /// Whether what it reads is not in memory.
  var readsColdData: Bool { self == .cold || self == .coldElsewhere }
}

extension LoadPlan {
  /// Random reads within a range.
  fileprivate init(reading range: Range<Int>) {
    self.init()
    ranges = [range]
  }
}

/// A client on a thread of its own, until it is told to stop.
private final class Crowd: Sendable {
  private let plan: LoadPlan
  private let address: Address
  private let shouldStop = Atomic(false)
  private let thread = Mutex(pthread_t())
  private let outcome = Mutex<Result<LoadResult, any Error>?>(nil)

  init(_ plan: LoadPlan, at address: Address) throws {
    self.plan = plan
    self.address = address
    var identifier = pthread_t()
    unsafe pthread_create(
      &identifier,
      nil,
      { argument in
        guard let argument = unsafe argument else { return nil }
        unsafe Unmanaged<Crowd>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      },
      Unmanaged.passRetained(self).toOpaque()
    )
    let started = identifier
    thread.withLock { $0 = started }
  }

  private func run() {
    var plan = plan
    plan.duration = 60_000_000_000
    let asked = plan
    let found = Result {
      try LoadClient.run(asked, at: address) { shouldStop.load(ordering: .relaxed) }
    }
    outcome.withLock { $0 = found }
  }

  /// Has it stop; how many requests a second it made.
  func stop() throws -> Double {
    shouldStop.store(true, ordering: .relaxed)
    pthread_join(thread.withLock { $0 }, nil)
    return try outcome.withLock { try $0?.get().rate } ?? 0
  }
}
