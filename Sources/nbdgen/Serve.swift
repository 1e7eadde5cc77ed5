import ArgumentParser
import GeneratorKit

/// Serves a disk: `nbdgen [options] GENERATOR [key=value …]`.
struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve-generator",
    abstract: "Builds a disk and serves it over NBD, without copying what it is made from.",
    usage: """
      nbdgen [options] GENERATOR [key=value ...]
             nbdgen [options] serve EXPORTS.yaml
             nbdgen write OUT GENERATOR [key=value ...]
             nbdgen digest GENERATOR [key=value ...]
             nbdgen map GENERATOR [key=value ...]
             nbdgen who PLACE ... GENERATOR [key=value ...]
             nbdgen trace summary FILE
             nbdgen share FILE|EXPRESSION
             nbdgen list
             nbdgen help [GENERATOR|TOPIC]
      """,
    shouldDisplay: false,
    helpNames: []
  )

  @OptionGroup var options: ServeOptions

  @Flag(name: [.short, .long], help: "Explain the command, or the generator.")
  var help = false

  @Flag(name: [.customShort("V"), .long], help: "Print the version.")
  var version = false

  @Argument(help: .init("What to serve, and its parameters.", valueName: "generator"))
  var words: [String] = []

  /// Whether a word is the name of a generator, and no command.
  static func serves(_ word: String) -> Bool {
    GeneratorRegistry.all.contains { $0.manual.name == word }
  }

  func run() throws {
    if version {
      print("nbdgen \(Nbdgen.version)")
      return
    }
    if help {
      print(try words.first.map { try Help.page(about: $0) } ?? Help.overview)
      return
    }
    guard let name = words.first else {
      throw UserError(usage: "no generator is named; nbdgen help shows how to begin")
    }
    if name == ServeFile.configuration.commandName {
      // Options came first.
      return try ServeFile.serve(Array(words.dropFirst()), options)
    }
    let verbs = Self.serves(name) ? [] : Verbs.all.map(Verbs.name(of:))
    if verbs.contains(name) {
      throw UserError(usage: "\(name): comes first, and its options behind it: nbdgen \(name) ...")
    }
    let recipe = DiskRecipe(
      generator: try GeneratorRegistry.generator(named: name, orAnyOf: verbs),
      words: Array(words.dropFirst()),
      allowsHostAccess: options.hostAccess.isAllowed,
      isQuiet: options.logging.quiet
    )
    try options.serve(.disk(recipe))
  }
}

/// Serves the disks of a file: `nbdgen serve EXPORTS.yaml`.
struct ServeFile: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serves the disks that a file describes, each under its name.",
    usage: "nbdgen serve [options] EXPORTS.yaml",
    discussion: """
      Each disk is built when the first client asks for it, or at start if the file says so. \
      SIGHUP has the file read anew, and the disks built anew: clients that connect from then on \
      see the new ones, the others go on with theirs. nbdgen help exports tells of the file.
      """,
    helpNames: [.short, .long]
  )

  @OptionGroup var options: ServeOptions

  @Argument(help: .init("The file.", valueName: "exports.yaml"))
  var path: String?

  /// What is too much; it is told what to do about it.
  @Argument(help: .hidden)
  var others: [String] = []

  func run() throws {
    try Self.serve((path.map { [$0] } ?? []) + others, options)
  }

  /// Serves the one file that the words name.
  static func serve(_ words: [String], _ options: ServeOptions) throws {
    guard let path = words.first else {
      throw UserError(usage: "serve: no file is named; write nbdgen serve EXPORTS.yaml")
    }
    if let generator = GeneratorRegistry.all.first(where: { $0.manual.name == path }) {
      let line = (["nbdgen", generator.manual.name] + words.dropFirst()).map(shellQuoted)
      throw UserError(
        usage: "serve: takes a file of exports; for one disk write "
          + line.joined(separator: " ")
      )
    }
    guard words.count == 1 else {
      throw UserError(
        usage: "serve: takes one file, and its parameters are in there; leave out \(words[1])"
      )
    }
    try options.serve(
      .file(try ExportsFile(path), allowsHostAccess: options.hostAccess.isAllowed)
    )
  }
}
