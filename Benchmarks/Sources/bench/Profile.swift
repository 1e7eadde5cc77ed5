import ArgumentParser
import Foundation
import NBDLoad

/// Shows where nbdgen's time goes while it serves.
struct Profile: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows where nbdgen's time goes in a case.",
    discussion: """
      A case is a disk (memory, file, holes, repeating, linuxdisk, floppy), a slash, and what \
      is asked for: a number for that many 4 KiB reads at a time, or 160k, 256k, 2m, block-status or \
      connect.
      """
  )

  enum Tool: String, ExpressibleByArgument, CaseIterable {
    case perf, callgrind
  }

  @Option(help: "The program that is looked at, a release build.")
  var nbdgen: String

  @Option(help: "perf samples for five seconds; callgrind counts instructions.")
  var tool = Tool.perf

  @Option(help: "Where reports are left.")
  var output = ".build/profile"

  @Argument(help: "The case, such as memory/64.")
  var `case`: String

  func run() throws {
    let parts = `case`.split(separator: "/").map(String.init)
    guard parts.count == 2, let content = Content(rawValue: parts[0]),
      let work = ServingCase(shortName: parts[1])
    else { throw ValidationError("there is no case \(`case`); one is memory/64") }
    let inputs = try Inputs()
    defer { inputs.remove() }
    try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
    let name = "\(URL(fileURLWithPath: output).path)/\(parts[0])-\(parts[1])"
    let program = URL(fileURLWithPath: nbdgen).path
    switch tool {
    case .perf: try sample(program, content, work, inputs, name)
    case .callgrind: try count(program, content, work, inputs, name)
    }
  }

  private func sample(
    _ program: String,
    _ content: Content,
    _ work: ServingCase,
    _ inputs: Inputs,
    _ name: String
  ) throws {
    let commands = Commands(nbdgen: program, bench: "", folder: inputs.folder)
    let server = try Server(
      .nbdgen,
      at: .unix(path: "\(inputs.folder)/socket"),
      log: "\(inputs.folder)/log",
      command: commands.generator(.nbdgen, content.words(inputs))
    )
    let ranges = try content.ranges(at: server.address)
    let data = "\(inputs.folder)/perf.data"
    let perf = try ChildProcess(
      ["perf", "record", "-F", "999", "-g", "-e", "cpu-clock", "-p", "\(server.identifier)"]
        + ["-o", data, "--", "sleep", "5"],
      output: "\(inputs.folder)/perf.log"
    )
    while !perf.hasEnded {
      switch work.work {
      case .connect:
        _ = try LoadClient.connectRepeatedly(to: server.address, duration: 100_000_000, process: 0)
      case .load(var plan):
        plan.ranges = plan.request == .read ? ranges : []
        plan.duration = 6_000_000_000
        _ = try LoadClient.run(plan, at: server.address) { perf.hasEnded }
      case .copy: break
      }
    }
    guard perf.wait().status == 0 else {
      throw BenchFailure(lastWords: "\(inputs.folder)/perf.log")
    }
    let demangle = "swift demangle --simplified"
    try shell(
      "perf report -i \(data) --stdio --no-children --no-inline -g none 2>/dev/null"
        + " | \(demangle) > '\(name).txt'"
    )
    try shell(
      "perf script -i \(data) --no-inline -F comm,ip,sym 2>/dev/null"
        + " | \(demangle) > \(inputs.folder)/script"
    )
    let folded = Self.fold(try TextFile.read("\(inputs.folder)/script"))
    try TextFile.write(folded, to: "\(name).folded")
    show("\(name).txt")
    say("The whole: \(name).txt; stacks, for a flame graph: \(name).folded")
  }

  private func count(
    _ program: String,
    _ content: Content,
    _ work: ServingCase,
    _ inputs: Inputs,
    _ name: String
  ) throws {
    let program = try Callgrind.strip(program, in: inputs.folder)
    let callgrind = try Callgrind(program, content.words(inputs), in: inputs.folder)
    let ranges = try content.ranges(at: callgrind.server.address)
    let requests = Int(work.name) == nil ? 1000 : 10_000
    try work.perform(requests / 10, by: callgrind.server, ranges: ranges)
    _ = try callgrind.count()
    try work.perform(requests, by: callgrind.server, ranges: ranges)
    let (instructions, file) = try callgrind.count()
    try shell("cp \(file) '\(name).callgrind'")
    try shell(
      // What has not returned yet, around everything, seems to cost all of it: that is left out.
      "callgrind_annotate --inclusive=no --threshold=100 --auto=no \(file) 2>/dev/null"
        + " | grep -v -e '(100.0%)  [^P]' -e '(99.9[0-9]%)'"
        + " | swift demangle --simplified > '\(name).txt'"
    )
    show("\(name).txt")
    say("\(instructions / requests) instructions for each request, which system calls are not in")
    say("The whole: \(name).txt; for kcachegrind: \(name).callgrind")
  }

  /// Prints the top of a report.
  private func show(_ path: String) {
    let lines = (try? TextFile.read(path).split(separator: "\n")) ?? []
    for line in lines.filter({ $0.contains("%") }).prefix(40) { say(String(line.prefix(160))) }
  }

  /// Samples as a line for each stack, outermost first, and how often it was seen.
  static func fold(_ script: String) -> String {
    var counts: [String: Int] = [:]
    for sample in script.split(separator: "\n\n") {
      let lines = sample.split(separator: "\n")
      guard let first = lines.first else { continue }
      let frames = lines.dropFirst().map { line in
        line.drop(while: \.isWhitespace).drop { !$0.isWhitespace }.drop(while: \.isWhitespace)
          .replacing(";", with: ":")
      }
      let name = first.split(whereSeparator: \.isWhitespace).first.map(String.init) ?? ""
      counts[([name] + frames.reversed().map(String.init)).joined(separator: ";"), default: 0] += 1
    }
    return counts.sorted { $0.value > $1.value }.map { "\($0.key) \($0.value)\n" }.joined()
  }
}
