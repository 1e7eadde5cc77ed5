import ArgumentParser
import DiskModel

/// The options that say which disks a command is about, if it serves none.
struct DiskOptions: ParsableArguments {
  @Option(
    name: .customLong("exports"),
    parsing: .unconditional,
    help: .init("Take all disks of this file of exports, or that of -e.", valueName: "file")
  )
  var path: String?

  @Option(
    name: .exportName,
    parsing: .unconditional,
    help: .init("The name by which clients get it; of a file, only that disk.", valueName: "name")
  )
  var exportName: String?

  @OptionGroup var hostAccess: HostAccessOptions

  /// Finds out which disks are meant; none is built.
  ///
  /// - Parameters:
  ///   - words: What the command line says of one disk: the generator and its parameters.
  ///   - verb: The command, for errors.
  ///   - takesName: Whether a disk may depend on the name that clients ask for.
  ///   - isQuiet: Whether the user is told nothing but errors.
  /// - Returns: The disks of the file, or the one that the words describe.
  /// - Throws: ``UserError`` if there is none, or both are given.
  func choice(
    of words: [String],
    for verb: String,
    takesName: Bool = false,
    isQuiet: Bool = false
  ) throws -> DiskChoice {
    guard let path else {
      if let exportName, !takesName {
        throw UserError(usage: "-e \(exportName): names an export of a file; add --exports FILE")
      }
      guard let name = words.first else {
        throw UserError(usage: "\(verb): no generator is named; nbdgen list tells what there is")
      }
      let recipe = DiskRecipe(
        generator: try GeneratorRegistry.generator(named: name),
        words: Array(words.dropFirst()),
        allowsHostAccess: hostAccess.isAllowed,
        isQuiet: isQuiet
      )
      let disk = ChosenDisk(verb: verb, recipe: recipe, exportName: exportName ?? "")
      return DiskChoice(disks: [disk])
    }
    if let word = words.first {
      throw UserError(
        usage: "\(verb): with --exports the file says what to build; leave out \(word)"
      )
    }
    let file = try ExportsFile(path)
    let entries = try exportName.map { [try file.entry(named: $0)] } ?? file.entries
    let disks = entries.map { entry in
      let recipe = DiskRecipe(
        generator: entry.generator,
        words: entry.words,
        allowsHostAccess: hostAccess.isAllowed,
        isQuiet: isQuiet
      )
      return ChosenDisk(verb: verb, recipe: recipe, exportName: entry.name, isOfFile: true)
    }
    return DiskChoice(file: file, disks: disks)
  }
}

/// The option that keeps parameters from reading the host's files.
struct HostAccessOptions: ParsableArguments {
  @Flag(
    name: .customLong("no-exec"),
    help: "Expressions in parameters may not read files or run scripts."
  )
  var isForbidden = false

  var isAllowed: Bool { !isForbidden }
}

extension NameSpecification {
  /// What the option is called that takes the name of an export.
  static var exportName: NameSpecification {
    [
      .customShort("e", allowingJoined: true), .customLong("exportname"),
      .customLong("export-name"), .customLong("export"),
    ]
  }
}
