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
    var found: [Peer: [(figure: Figure, runs: [Double])]] = [:]
    var failures: [Peer: String] = [:]
    for run in 0..<runs {
      for index in peers.indices {
        let peer = peers[(index + run) % peers.count]
        guard failures[peer] == nil else { continue }
        do {
          for (figure, value) in try measure(peer) {
            if let place = found[peer]?.firstIndex(where: { $0.figure == figure }) {
              found[peer]?[place].runs.append(value)
            } else {
              found[peer, default: []].append((figure, [value]))
            }
          }
        } catch {
          Interruption.stopIfEnding()
          failures[peer] = "\(error)"
        }
      }
    }
    for peer in peers {
      for (figure, runs) in found[peer] ?? [] {
        try results.add(test, figure, peer, runs, remark: failures[peer])
      }
      if found[peer] == nil, let failure = failures[peer] {
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
