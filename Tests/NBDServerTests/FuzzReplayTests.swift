import Foundation
import TestSupport
import Testing

/// What the fuzzers look at, looked at once more: their findings, valid inputs,
/// and what is not quite valid.
@Suite("Hostile clients", .timeLimit(.minutes(30)))
struct FuzzReplayTests {
  /// One of the fuzzers.
  enum Target: String, CaseIterable, Sendable {
    case options, requests, connections

    func check(_ input: [UInt8]) throws {
      switch self {
      case .options: try checkOptions(input)
      case .requests: try checkRequests(input)
      case .connections: try checkConnection(input)
      }
    }

    var seeds: [[UInt8]] {
      switch self {
      case .options: FuzzSeeds.options
      case .requests: FuzzSeeds.requests
      case .connections: FuzzSeeds.connections
      }
    }

    /// How many random inputs are tried; each takes its time.
    var count: Int {
      switch self {
      case .options: 5000
      case .requests: 500
      case .connections: 500
      }
    }

    /// What a fuzzer once found.
    var findings: [URL] {
      let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("findings/\(rawValue)")
      let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
      return (names ?? []).sorted().map { folder.appendingPathComponent($0) }
    }
  }

  @Test("that were found once get what they should", arguments: Target.allCases)
  func findings(target: Target) throws {
    let findings = target.findings
    #expect(!findings.isEmpty)
    for finding in findings {
      do {
        try target.check(Array(try Data(contentsOf: finding)))
      } catch {
        Issue.record("\(finding.lastPathComponent): \(error)")
      }
    }
  }

  @Test("that are friendly get what they should", arguments: Target.allCases)
  func seeds(target: Target) {
    for (index, seed) in target.seeds.enumerated() {
      do { try target.check(seed) } catch { Issue.record("\(target) \(index): \(error)") }
    }
  }

  @Test("that are not quite friendly get what they should", arguments: Target.allCases)
  func mutations(target: Target) {
    let seeds = target.seeds
    for number in 0..<UInt64(target.count) {
      var random = SeededGenerator(seed: number)
      let input = FuzzSeeds.mutation(of: seeds, using: &random)
      do { try target.check(input) } catch { Issue.record("\(target), seed \(number): \(error)") }
    }
  }
}
