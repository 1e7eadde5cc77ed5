import ArgumentParser
import Foundation

/// Measures everything.
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures nbdgen beside its peers, and says which targets are reached."
  )

  @Option(help: "The program that is measured, a release build.")
  var nbdgen: String

  @Option(help: "How often each figure is measured; medians count.")
  var runs = 5

  @Option(help: "Where all figures are written, a line each.")
  var json: String?

  @Option(help: "Where a picture of the ratios is drawn.")
  var svg: String?

  @Option(
    help: ArgumentHelp(
      "Measure only cases whose names start so; may be given several times.",
      valueName: "prefix"
    )
  )
  var only: [String] = []

  @Flag(help: "Take inputs a tenth as large, to try the benchmark itself.")
  var quick = false

  @Option(help: "The top of nbdgen's sources, where the guest's scripts are.")
  var top = "."

  func run() throws {
    let program = URL(fileURLWithPath: nbdgen).path
    guard FileManager.default.isExecutableFile(atPath: program) else {
      throw ValidationError("cannot run \(nbdgen)")
    }
    let inputs = try Inputs()
    defer { inputs.remove() }
    let machine = try Machine(nbdgen: program, runs: runs, isQuick: quick, folder: inputs.folder)
    say(machine.summary)
    let suite = Suite(
      commands: Commands(nbdgen: program, bench: CommandLine.executable, folder: inputs.folder),
      inputs: inputs,
      results: try Results(of: machine, path: json),
      runs: runs,
      isQuick: quick,
      top: URL(fileURLWithPath: top).path,
      prefixes: only
    )
    try suite.testComparing()
    try suite.measureServing()
    try suite.measureBuilding()
    try suite.measureJobs()
    try suite.measureNeighbours()
    try suite.measureMemory()
    let outcomes = Target.outcomes(suite.results)
    say(Target.table(outcomes).joined(separator: "\n"))
    if let svg { try TextFile.write(Picture.draw(outcomes, machine), to: svg) }
  }
}

extension CommandLine {
  /// The path of this program.
  static var executable: String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "bench"
  }
}

extension Machine {
  /// Looks at the machine and at the peers that are there.
  init(nbdgen: String, runs: Int, isQuick: Bool, folder: String) throws {
    let tell = { (command: String) in try output(of: command, in: folder) }
    self.init(
      cores: ProcessInfo.processInfo.activeProcessorCount,
      processor: try tell("sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1"),
      memory: try tell("sed -n 's/^MemTotal: *//p' /proc/meminfo"),
      // What follows a dash is the builder's.
      kernel: String(try tell("uname -sr").prefix { $0 != "-" }),
      date: try tell("date -u +%Y-%m-%dT%H:%M:%SZ"),
      versions: [
        "nbdgen": try tell("'\(nbdgen)' --version | sed -n '1s/^nbdgen //p'"),
        "nbdkit": try tell("nbdkit --version | head -n 1 | sed 's/^nbdkit //'"),
        "qemu-nbd": try tell("qemu-nbd --version | sed -n '1s/^qemu-nbd //p'"),
        "nbd-server": try tell("nbd-server -V 2>&1 | sed -n 's/.*version //p' | head -n 1"),
        "e2fsprogs": try tell("mke2fs -V 2>&1 | sed -n '1s/^mke2fs //p'"),
      ],
      runs: runs,
      isQuick: isQuick
    )
  }

  /// All of that in a few lines.
  var summary: String {
    """
    \(cores) cores (\(processor)), \(memory) of memory, \(kernel), \(date)
    \(versions.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
    medians of \(runs) runs\(isQuick ? ", with small inputs: figures mean little" : "")
    """
  }
}
