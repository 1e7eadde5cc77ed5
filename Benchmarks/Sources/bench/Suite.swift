import Glibc
import NBDLoad

/// A run of the benchmark: what is measured, how often, and what came of it.
final class Suite {
  let commands: Commands
  let inputs: Inputs
  let results: Results
  /// How often each figure is measured.
  let runs: Int
  /// Whether inputs are a tenth as large, for trying the benchmark itself.
  let isQuick: Bool
  /// The top of the project, where the guest's scripts are.
  let top: String
  private let prefixes: [String]
  private let start = ContinuousClock.now
  private var groupStart = ContinuousClock.now

  init(
    commands: Commands,
    inputs: Inputs,
    results: Results,
    runs: Int,
    isQuick: Bool,
    top: String,
    prefixes: [String]
  ) {
    self.commands = commands
    self.inputs = inputs
    self.results = results
    self.runs = runs
    self.isQuick = isQuick
    self.top = top
    self.prefixes = prefixes
  }

  /// Whether a case, or some case of a group whose name ends in `/`, is to be measured.
  func wants(_ test: String) -> Bool {
    prefixes.isEmpty
      || prefixes.contains { test.hasPrefix($0) || test.hasSuffix("/") && $0.hasPrefix(test) }
  }

  /// Numbers of files and the like, as large as the run wants them.
  func scaled(_ count: Int) -> Int { isQuick ? max(1, count / 10) : count }

  /// Where a server of a case may listen.
  func address(_ peer: Peer, _ name: String = "", isTCP: Bool = false) throws -> Address {
    if isTCP { return try Address.freePort() }
    return .unix(path: "\(inputs.folder)/\(peer)\(name).socket")
  }

  /// Where a server's messages go.
  var log: String { "\(inputs.folder)/log" }

  /// Measures in turn, each time another one first, and keeps what was measured.
  ///
  /// - Parameters:
  ///   - peers: Who is measured.
  ///   - test: The name of the case.
  ///   - runs: How often.
  ///   - figureOfFailure: The figure that is missing if a peer fails at once.
  ///   - measure: Measures one of them once.
  /// - Throws: ``BenchFailure`` if the results cannot be written.
  func alternate(
    _ peers: [Peer],
    _ test: String,
    runs: Int,
    failing figureOfFailure: Figure = .rate,
    measure: (Peer) throws -> [(Figure, Double)]
  ) throws {
    let contestants = peers.map { Contestant(test: test, peer: $0) }
    try alternate(contestants, runs: runs, failing: figureOfFailure) { try measure($0.peer) }
  }

  /// A server in a case.
  struct Contestant: Hashable {
    var test: String
    var peer: Peer
  }

  /// Measures in turn, each time another one first, what is to be compared across cases.
  func alternate(
    _ contestants: [Contestant],
    runs: Int,
    failing figureOfFailure: Figure,
    measure: (Contestant) throws -> [(Figure, Double)]
  ) throws {
    var found: [Contestant: [(figure: Figure, runs: [Double])]] = [:]
    var failures: [Contestant: String] = [:]
    for run in 0..<runs {
      for index in contestants.indices {
        let contestant = contestants[(index + run) % contestants.count]
        guard failures[contestant] == nil else { continue }
        do {
          for (figure, value) in try measure(contestant) {
            if let place = found[contestant]?.firstIndex(where: { $0.figure == figure }) {
              found[contestant]?[place].runs.append(value)
            } else {
              found[contestant, default: []].append((figure, [value]))
            }
          }
        } catch {
          Interruption.stopIfEnding()
          failures[contestant] = "\(error)"
        }
      }
    }
    for contestant in contestants {
      let (test, peer) = (contestant.test, contestant.peer)
      for (figure, runs) in found[contestant] ?? [] {
        try results.add(test, figure, peer, runs, remark: failures[contestant])
      }
      if found[contestant] == nil, let failure = failures[contestant] {
        try results.add(test, figureOfFailure, peer, [], remark: failure)
      }
    }
  }

  /// Prints what was measured of a group, and how long that took.
  func report(_ title: String, _ prefix: String) {
    let lines = Table.lines(title, prefix, results)
    guard !lines.isEmpty else { return }
    let now = ContinuousClock.now
    let seconds = { (duration: Duration) in Format.figure(duration / .seconds(1)) }
    say(lines.joined(separator: "\n"))
    say("(\(seconds(now - groupStart)) s; \(seconds(now - start)) s since the start)")
    groupStart = now
  }
}
