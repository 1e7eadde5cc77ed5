import ArgumentParser
import DiskModel
import GeneratorKit
import SystemPackage

/// Writes a disk into a file: `nbdgen write OUT GENERATOR [key=value ...]`.
struct Write: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "write",
    abstract: "Writes a disk into a file or onto a block device.",
    usage: """
      nbdgen write [options] OUT GENERATOR [key=value ...]
      nbdgen write [options] DIRECTORY --exports FILE
      nbdgen write [options] OUT --exports FILE -e NAME
      """,
    discussion: """
      Holes stay holes. The file gets its name when it is complete and on storage; until then it \
      is in the same directory as .OUT.nbdgen-XXXXXX, and whatever goes wrong removes that; \
      what kill -9 leaves goes with the next write of OUT. A name that ends in .qcow2 makes an \
      image of that format, by qemu-img.
      """,
    helpNames: [.short, .long]
  )

  @Flag(help: "Replace a file, or write over a block device.")
  var force = false

  @Option(help: "What to write: raw or qcow2. (default: as the name ends, or raw)")
  var format: String?

  @OptionGroup var options: DiskOptions

  @Flag(name: .shortAndLong, help: "Say nothing but errors.")
  var quiet = false

  @Flag(
    name: .customLong("json"),
    help: "Say what was written as a JSON object, on the standard output."
  )
  var isJSON = false

  @Argument(
    help: .init("Where to write, what to build, and its parameters.", valueName: "out|generator")
  )
  var words: [String] = []

  func run() throws {
    guard let out = words.first else {
      throw UserError(usage: "write: no file is named; write nbdgen write OUT GENERATOR ...")
    }
    let isGenerator = GeneratorRegistry.all.contains { $0.manual.name == out }
    if words.count == 1, options.path == nil, isGenerator {
      throw UserError(usage: "write: no file is named; write nbdgen write OUT \(out) ...")
    }
    let choice = try options.choice(of: Array(words.dropFirst()), for: "write", isQuiet: quiet)
    var jobs = try jobs(for: choice, out)[...]
    try choice.forEach { disk throws(UserError) in try write(disk, by: jobs.removeFirst()) }
  }

  /// Where each disk is written, and in which format; that all of them can be is found out
  /// before the first is.
  private func jobs(for choice: DiskChoice, _ out: String) throws -> [WriteJob] {
    func job(_ path: String) throws -> WriteJob {
      let format = try ImageFormat(format, path: path)
      return WriteJob(place: try OutputPlace(path, isForced: force), format: format, isQuiet: quiet)
    }
    guard choice.file != nil, options.exportName == nil else { return [try job(out)] }
    try Self.makeDirectory(absolute(out))
    let suffix = try ImageFormat(format, path: "").suffix
    return try choice.disks.map { disk in
      try job("\(out)/\(try Self.fileName(of: disk.exportName, suffix))")
    }
  }

  private func write(_ chosen: ChosenDisk, by job: WriteJob) throws(UserError) {
    let (disk, summary) = try chosen.buildForAll()
    let place = job.place
    let outcome = try job.run(disk)
    if isJSON {
      var facts = JSONObject()
      facts.add("export", chosen.export)
      facts.add("path", place.path)
      facts.add("format", job.format.rawValue)
      facts.add("size", outcome.size)
      facts.add("summary", summary)
      facts.add("data", outcome.dataSize)
      StandardOutput.print(facts.text)
    } else if !quiet {
      let data = outcome.dataSize.map { ", \(Size.describe($0)) of it data" } ?? ""
      let size = Size.describe(outcome.size)
      StandardError.print("nbdgen: \(place.shown): \(summary), \(size)\(data)")
      if let note = outcome.note { StandardError.print("nbdgen: note: \(note)") }
    }
  }

  private static func makeDirectory(_ path: String) throws(UserError) {
    do throws(Errno) {
      try HostCall.makeDirectory(path)
    } catch {
      if HostPath.isDirectory(path) { return }
      let shown = HostPath.printable(path.utf8)
      throw UserError(
        host: error == .fileExists
          ? "\(shown): is not a directory; with -e NAME it may be a file"
          : "\(shown): cannot be created: \(error.description)"
      )
    }
  }

  /// What the file of an export is called: its name, with `%XX` for what cannot be in
  /// a name or hides it.
  private static func fileName(
    of export: String,
    _ suffix: String
  ) throws(UserError) -> String {
    guard !export.isEmpty else {
      throw UserError(usage: "an export without a name has no file; -e '' writes it to one")
    }
    var name = ""
    for (index, scalar) in export.unicodeScalars.enumerated() {
      let isMark = scalar == "/" || scalar == "%" || (scalar == "." && index == 0)
      if isMark || scalar.value < 0x20 || scalar.value == 0x7F {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        name += "%" + (digits.count < 2 ? "0" : "") + digits
      } else {
        name.unicodeScalars.append(scalar)
      }
    }
    return "\(name).\(suffix)"
  }
}
