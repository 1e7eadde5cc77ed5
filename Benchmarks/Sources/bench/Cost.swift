import ArgumentParser
import Foundation

/// Counts the instructions that requests cost, and compares with what they did.
struct Cost: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Counts nbdgen's instructions for each request, which no noise changes.",
    discussion: """
      Ends with 1 if a case costs more than was recorded, by more than the margin. \
      System calls are not counted, only what nbdgen itself does.
      """
  )

  @Option(help: "The program that is measured, a release build.")
  var nbdgen: String

  @Option(help: "The figures that were recorded.")
  var check = "Benchmarks/cost.json"

  @Flag(help: "Record the figures rather than compare with them.")
  var record = false

  func run() throws {
    let inputs = try Inputs()
    defer { inputs.remove() }
    let program = try Callgrind.strip(URL(fileURLWithPath: nbdgen).path, in: inputs.folder)
    var found: [String: Int] = [:]
    for (content, names, isAwake) in Self.cases {
      let counts = try Self.measure(program, content, names, isAwake: isAwake, inputs)
      for (name, count) in counts {
        found["\(content.rawValue)/\(name)\(isAwake ? "-awake" : "")"] = count
      }
    }
    let recorded = record ? nil : try CostRecord(readFrom: check)
    let isKept = Self.report(found, recorded)
    if record {
      try CostRecord(marginPercent: CostRecord.usualMargin, instructions: found).write(to: check)
      say("recorded in \(check)")
    } else if !isKept {
      throw ExitCode(1)
    }
  }

  /// What is measured of each disk, and whether by a server that stays awake for its clients.
  private static let cases: [(content: Content, names: [String], isAwake: Bool)] = [
    (.memory, ["1", "16", "160k", "block-status", "connect"], false),
    (.memory, ["connect"], true),
    (.file, ["1", "16", "160k"], false),
    (.holes, ["16", "160k"], false),
    (.repeating, ["16"], false),
    (.linuxdisk, ["16", "block-status"], false),
  ]

  /// The difference between doing it often and seldom, so that connecting and what is done
  /// once do not count.
  private static func measure(
    _ program: String,
    _ content: Content,
    _ names: [String],
    isAwake: Bool,
    _ inputs: Inputs
  ) throws -> [(String, Int)] {
    let words = try content.words(inputs)
    let callgrind = try Callgrind(program, words, isAwake: isAwake, in: inputs.folder)
    defer { callgrind.server.end() }
    let ranges = try content.ranges(at: callgrind.server.address)
    return try names.map { name in
      guard let work = ServingCase(shortName: name) else {
        throw BenchFailure("there is no case \(name)")
      }
      let (few, many) = Int(name) == nil ? (32, 112) : name == "1" ? (50, 350) : (160, 1760)
      // Threads now and then wake each other once more than they need: the least counts.
      var least = (few: Int.max, many: Int.max)
      for attempt in 0..<5 {
        try work.perform(few, by: callgrind.server, ranges: ranges)
        let base = try callgrind.count().instructions
        try work.perform(many, by: callgrind.server, ranges: ranges)
        let total = try callgrind.count().instructions
        // The first time there is more to do.
        if attempt > 0 { least = (min(least.few, base), min(least.many, total)) }
      }
      return (name, (least.many - least.few) / (many - few))
    }
  }

  /// Prints the table; whether no case costs too much.
  private static func report(_ found: [String: Int], _ recorded: CostRecord?) -> Bool {
    var isKept = true
    var isMuchBetter = false
    say(
      Format.column("instructions for each request", 32) + Format.column("now", 12, isNumber: true)
        + Format.column("recorded", 12, isNumber: true)
        + Format.column("change", 10, isNumber: true)
    )
    let margin = Double(recorded?.marginPercent ?? CostRecord.usualMargin) / 100
    for name in found.keys.sorted() {
      let now = found[name, default: 0]
      var line = Format.column(name, 32) + Format.column("\(now)", 12, isNumber: true)
      if let before = recorded?.instructions[name] {
        let change = Double(now - before) / Double(before)
        line += Format.column("\(before)", 12, isNumber: true)
        line += Format.column(String(format: "%+.1f %%", change * 100), 10, isNumber: true)
        if change > margin {
          line += "  TOO MUCH"
          isKept = false
        } else if change < -margin {
          line += "  much better"
          isMuchBetter = true
        }
      } else if recorded != nil {
        line += "  was never recorded"
        isKept = false
      }
      say(line)
    }
    if !isKept {
      say("A case costs over \(Int(margin * 100)) % more than was recorded, or was not recorded.")
    } else if isMuchBetter {
      say("Some cases cost much less than was recorded: record them anew with --record.")
    }
    return isKept
  }
}

/// What requests cost when somebody last looked.
struct CostRecord: Codable {
  /// By how much figures may grow; between runs they differ by up to 5.
  static let usualMargin = 25

  var marginPercent: Int
  var instructions: [String: Int]

  init(marginPercent: Int, instructions: [String: Int]) {
    self.marginPercent = marginPercent
    self.instructions = instructions
  }

  init(readFrom path: String) throws {
    self = try JSONDecoder().decode(Self.self, from: Foundation.Data(TextFile.read(path).utf8))
  }

  func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try TextFile.write(String(decoding: encoder.encode(self), as: UTF8.self) + "\n", to: path)
  }
}
