import DiskModel
import Foundation
import GeneratorKit
import TestSupport
import Testing

@testable import DataGenerator

/// Compares nbdgen with nbdkit 1.32 over random expressions.
///
/// `NBDGEN_FUZZ_COUNT` and `NBDGEN_FUZZ_SEED` in the environment ask for more
/// expressions than usual, and for others.
@Suite("Random expressions", .timeLimit(.minutes(60)))
struct DifferentialTests {
  private static func setting(_ name: String, default standard: Int) -> Int {
    ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? standard
  }

  private static func folder() throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    for (name, content) in RandomExpression.files {
      try Data(content).write(to: URL(fileURLWithPath: directory(name)))
    }
    return directory
  }

  /// What differences were reduced to.
  private static let reduced = [
    // What does not count is not looked at, be it a slice that ends before it starts.
    [#"data="ab"[2:1]*0 1"#], [#"data=1 "ab"[2:1] -> \a"#], [#"data=("ab"[2:1])[3:3] 1"#],
    [#"data=(1 2)[3:1] -> \a 1 \a*0"#],
    // Empty things beside a file leave it a bare file.
    ["data=(() <DIR/ten)[5:99]"], [#"data=("" <DIR/ten $v)[3:99]"#, "v=()"],
    ["data=(() <(printf abc; exit 3))[:2]"], ["data=(1*0 <DIR/ten)[20:30] 1"],
    // Zero is not negative.
    ["data=1 2 3*-0"], ["data=1 2[-0:]"], ["data=1 @+-0 2 @--0 3"], ["data=1 2[-0:-0] 3"],
  ]

  @Test("that once differed do so no more", arguments: reduced)
  func reducedDisksAgree(words: [String]) throws {
    #expect(try compare(RandomExpression(words: words), Self.folder()) == Self.equal)
  }

  @Test("are the same disks as nbdkit's, but for its bugs")
  func disksAgree() throws {
    let directory = try Self.folder()
    let count = Self.setting("NBDGEN_FUZZ_COUNT", default: 150)
    let start = UInt64(Self.setting("NBDGEN_FUZZ_SEED", default: 1))
    var tally: [String: Int] = [:]
    for seed in start..<start + UInt64(count) {
      tally[try compare(RandomExpression(seed: seed), directory), default: 0] += 1
    }
    if count > 150 {
      for (what, count) in tally.sorted(by: { $0.value > $1.value }) { print("\(count) \(what)") }
    }
    // The generator makes what is worth comparing.
    #expect(tally[Self.equal, default: 0] > count / 2, "\(tally)")
    let plain: Set = [Self.equal, Self.refused, Self.different]
    let excused = tally.filter { !plain.contains($0.key) }.values.reduce(0, +)
    #expect(excused <= 5 + count / 20, "\(tally)")
  }

  private static let equal = "are the same disk"
  private static let refused = "are refused by both"
  private static let different = "differ"

  /// What the comparison comes to.
  private func compare(
    _ expression: RandomExpression,
    _ directory: TemporaryDirectory
  ) throws -> String {
    func located(_ words: [String]) -> [String] {
      words.map { $0.replacingOccurrences(of: "<DIR/", with: "<\(directory.path)/") }
    }
    let theirs = try NBDKitDisk.build(located(expression.plainWords))
    var ours: Disk?
    var refusal: [String] = []
    do {
      ours = try build(located(expression.words), variables: ["LC_ALL": "C"])
    } catch let error as GeneratorError {
      refusal = error.lines
    }
    let effect: DifferenceRule.Effect
    let detail: String
    switch (theirs, ours) {
    case (.gaveUp, _): return "are too much for nbdkit"
    case (.failed, nil): return Self.refused
    case (.failed, let disk?):
      (effect, detail) = (.nbdkitRefuses, "\(disk.size) bytes here, an error there")
    case (.disk(let size, _, _), nil):
      (effect, detail) = (
        .nbdkitAccepts,
        "\(size) bytes there, an error here:\n" + refusal.joined(separator: "\n")
      )
    case (.disk(let size, let head, let tail), let disk?):
      guard let problem = try difference(of: disk, from: size, head, tail) else {
        try checkConformance(of: disk, seed: expression.seed, windows: 4)
        return Self.equal
      }
      (effect, detail) = (.contentDiffers, problem)
    }
    if let rule = DifferenceRule.explaining(effect, expression) { return rule.name }
    Issue.record("\(expression)\n\(detail)")
    return Self.different
  }

  private func difference(
    of disk: Disk,
    from size: UInt64,
    _ head: [UInt8],
    _ tail: [UInt8]
  ) throws -> String? {
    guard UInt64(disk.size) == size else { return "\(disk.size) bytes here, \(size) there" }
    let start = try disk.bytes(0..<head.count)
    if let index = start.indices.first(where: { start[$0] != head[$0] }) {
      return "at \(index): \(start[index]) here, \(head[index]) there"
    }
    let end = try disk.bytes(disk.size - tail.count..<disk.size)
    guard end == tail else { return "the last \(tail.count) bytes differ" }
    return nil
  }
}
