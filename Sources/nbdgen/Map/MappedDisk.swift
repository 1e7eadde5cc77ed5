import ArgumentParser
import DiskModel
import GeneratorKit

/// A disk that was built to be looked at, with its map.
struct MappedDisk {
  /// What it is, in a few words.
  var title: String
  var map: any DiskMap

  /// Size in bytes.
  var size: Int { map.size }
}

/// How a disk is built that nobody is served.
struct MappedDiskOptions: ParsableArguments {
  @Option(
    name: [.customShort("e", allowingJoined: true), .customLong("exportname")],
    parsing: .unconditional,
    help: .init(
      "The name that a client asks for, if the disk depends on it. (default: none)",
      valueName: "name"
    )
  )
  var exportName = ""

  @Flag(
    name: .customLong("no-exec"),
    help: "Expressions in parameters may not read files or run scripts."
  )
  var forbidsHostAccess = false

  /// Builds what the command line says.
  ///
  /// - Parameters:
  ///   - words: The generator and its parameters.
  ///   - verb: The command that wants it, for errors.
  /// - Returns: The disk of a client that asks for the export name.
  /// - Throws: ``UserError`` if there is none.
  func build(_ words: [String], for verb: String) throws -> MappedDisk {
    guard let name = words.first else {
      throw UserError(usage: "\(verb): no generator is named; nbdgen help lists them")
    }
    let generator = try GeneratorRegistry.generator(named: name)
    return try build(generator, Array(words.dropFirst()), for: verb)
  }

  /// Builds what a file of exports says.
  ///
  /// - Throws: ``UserError`` if it cannot be built.
  func build(_ entry: ExportsFile.Entry, for verb: String) throws(UserError) -> MappedDisk {
    try build(entry.generator, entry.words, for: verb)
  }

  private func build(
    _ generator: any Generator.Type,
    _ words: [String],
    for verb: String
  ) throws(UserError) -> MappedDisk {
    let recipe = DiskRecipe(
      generator: generator,
      words: words,
      allowsHostAccess: !forbidsHostAccess
    )
    let generated = try recipe.build()
    for note in generated.notes { StandardError.print("nbdgen: note: \(note)") }
    if let map = generated.map { return MappedDisk(title: generated.summary, map: map) }
    guard case .perSession(let recipe) = generated.content else {
      preconditionFailure("a disk is one for all, or one for each")
    }
    do throws(SessionFailure) {
      let disk = try recipe.make(Session(exportName: Array(exportName.utf8)))
      return MappedDisk(title: generated.summary, map: SegmentMap(disk))
    } catch {
      throw UserError(usage: "\(verb): \(generator.manual.name): \(error.problem)")
    }
  }
}
