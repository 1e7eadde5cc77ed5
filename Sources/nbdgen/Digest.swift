import ArgumentParser
import CHost
import DiskModel
import GeneratorKit

/// Prints the SHA-256 of a disk: `nbdgen digest GENERATOR [key=value ...]`.
struct Digest: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "digest",
    abstract: "Prints the SHA-256 of a whole disk, as sha256sum would of a copy.",
    discussion: """
      The disk is built and read here, by several threads, and nobody else sees it. Two disks with \
      the same digest are equal byte for byte.
      """,
    helpNames: [.short, .long]
  )

  @OptionGroup var source: ExportsOptions

  @Flag(name: .shortAndLong, help: "Say nothing but errors.")
  var quiet = false

  @Flag(name: .customLong("json"), help: "Print an object for each disk.")
  var isJSON = false

  @Argument(help: .init("What to build, and its parameters.", valueName: "generator"))
  var words: [String] = []

  func run() throws {
    if let file = try source.file() {
      if let word = words.first {
        throw UserError(
          usage: "digest: with --exports the file says what to build; leave out \(word)"
        )
      }
      return try digest(file)
    }
    guard let name = words.first else {
      throw UserError(usage: "digest: no generator is named; nbdgen list tells what there is")
    }
    let recipe = DiskRecipe(
      generator: try GeneratorRegistry.generator(named: name),
      words: Array(words.dropFirst()),
      isQuiet: quiet
    )
    try digest(recipe)
  }

  /// Prints the digest of each export, or of the one that is meant.
  private func digest(_ file: ExportsFile) throws {
    host_block_signals()
    let entries = try source.entries(of: file)
    try file.enterDirectory()
    var status: Int32 = 0
    for entry in entries {
      let recipe = DiskRecipe(generator: entry.generator, words: entry.words, isQuiet: quiet)
      do throws(UserError) {
        try digest(recipe, of: entry)
      } catch {
        error.reported(about: entry).report()
        status = max(status, error.status)
      }
    }
    if status != 0 { throw ExitCode(status) }
  }

  private func digest(
    _ recipe: DiskRecipe,
    of entry: ExportsFile.Entry? = nil
  ) throws(UserError) {
    let generated = try recipe.build()
    if !quiet { for note in generated.notes { StandardError.print("nbdgen: note: \(note)") } }
    guard let disk = generated.disk else {
      let name = recipe.generator.manual.name
      throw UserError(
        usage: "digest: the disk of \(name) depends on the client that asks for it"
      )
    }
    let progress = ProgressLine(isQuiet: quiet)
    let watch = BuildWatch(onEnd: progress.clear)
    defer {
      watch.end()
      progress.clear()
    }
    do throws(ReadFailure) {
      let digest = try DiskDigest.digest(of: disk) { position in
        progress.show(position, of: disk.size, Size.describe(position) + " read")
      }
      progress.clear()
      report(digest, disk, entry)
    } catch {
      throw UserError(host: "\(error.subject): at offset \(error.offset): \(error.cause)")
    }
  }

  private func report(_ digest: String, _ disk: Disk, _ entry: ExportsFile.Entry?) {
    guard isJSON else {
      // As sha256sum has it where there are several.
      let name = entry.map { "  \(HostPath.printable($0.name.utf8))" } ?? ""
      return StandardOutput.print(digest + name)
    }
    var facts = JSONObject()
    facts.add("export", entry?.name)
    facts.add("sha256", digest)
    facts.add("size", disk.size)
    StandardOutput.print(facts.text)
  }
}
