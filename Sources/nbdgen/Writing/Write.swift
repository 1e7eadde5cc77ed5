import ArgumentParser
import CHost
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

  @OptionGroup var source: ExportsOptions

  @Flag(
    name: .customLong("no-exec"),
    help: "Expressions in parameters may not read files or run scripts."
  )
  var forbidsHostAccess = false

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
    if let file = try source.file() {
      guard words.count == 1 else {
        throw UserError(
          usage: "write: with --exports the file says what to build; leave out \(words[1])"
        )
      }
      return try write(file, to: out)
    }
    guard words.count > 1 else {
      let isGenerator = GeneratorRegistry.all.contains { $0.manual.name == out }
      throw UserError(
        usage: isGenerator
          ? "write: no file is named; write nbdgen write OUT \(out) ..."
          : "write: no generator is named; nbdgen list tells what there is"
      )
    }
    let recipe = DiskRecipe(
      generator: try GeneratorRegistry.generator(named: words[1]),
      words: Array(words.dropFirst(2)),
      allowsHostAccess: !forbidsHostAccess,
      isQuiet: quiet
    )
    let format = try ImageFormat(format, path: out)
    let place = try OutputPlace(out, isForced: force)
    try write(recipe, to: place, format)
  }

  private func write(
    _ recipe: DiskRecipe,
    to place: OutputPlace,
    _ format: ImageFormat,
    name: String? = nil
  ) throws(UserError) {
    let generated = try recipe.build()
    if !quiet {
      for note in generated.notes { StandardError.print("nbdgen: note: \(note)") }
    }
    guard let disk = generated.disk else {
      let generator = recipe.generator.manual.name
      throw UserError(
        usage: "write: the disk of \(generator) depends on the client that asks for it"
      )
    }
    let outcome = try WriteJob(place: place, format: format, isQuiet: quiet).run(disk)
    if isJSON {
      var facts: [(key: String, value: JSONText)] = name.map { [("export", .string($0))] } ?? []
      facts += [
        ("path", .string(place.path)), ("format", .string(format.rawValue)),
        ("size", .number(outcome.size)), ("summary", .string(generated.summary)),
      ]
      if let size = outcome.dataSize { facts.append(("data", .number(size))) }
      StandardOutput.print(JSONText.object(facts).text)
    } else if !quiet {
      let data = outcome.dataSize.map { ", \(Size.describe($0)) of it data" } ?? ""
      let size = Size.describe(outcome.size)
      StandardError.print("nbdgen: \(place.shown): \(generated.summary), \(size)\(data)")
      if let note = outcome.note { StandardError.print("nbdgen: note: \(note)") }
    }
  }

  /// Writes one export of a file, or each into a directory.
  private func write(_ file: ExportsFile, to out: String) throws {
    host_block_signals()
    let entries = try source.entries(of: file)
    let target = absolute(out)
    if source.exportName == nil { try Self.makeDirectory(target) }
    let jobs = try entries.map { entry in
      let path =
        source.exportName == nil
        ? "\(out)/\(try Self.fileName(of: entry, ImageFormat(format, path: "").suffix))" : out
      return (entry, try OutputPlace(path, isForced: force), try ImageFormat(format, path: path))
    }
    try file.enterDirectory()
    var status: Int32 = 0
    for (entry, place, format) in jobs {
      let recipe = DiskRecipe(
        generator: entry.generator,
        words: entry.words,
        allowsHostAccess: !forbidsHostAccess,
        isQuiet: quiet
      )
      do throws(UserError) {
        try write(recipe, to: place, format, name: entry.name)
      } catch {
        // The others do not depend on it.
        error.reported(about: entry).report()
        status = max(status, error.status)
      }
    }
    if status != 0 { throw ExitCode(status) }
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
    of entry: ExportsFile.Entry,
    _ suffix: String
  ) throws(UserError) -> String {
    guard !entry.name.isEmpty else {
      throw UserError(usage: "an export without a name has no file; -e '' writes it to one")
    }
    var name = ""
    for (index, scalar) in entry.name.unicodeScalars.enumerated() {
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
