import ArgumentParser
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

  @Argument(help: .init("What to build, and its parameters.", valueName: "generator"))
  var words: [String] = []

  func run() throws {
    guard let name = words.first else {
      throw UserError(usage: "digest: no generator is named; nbdgen help lists them")
    }
    let recipe = DiskRecipe(
      generator: try GeneratorRegistry.generator(named: name),
      words: Array(words.dropFirst())
    )
    let generated = try recipe.build()
    for note in generated.notes { StandardError.print("nbdgen: note: \(note)") }
    guard let disk = generated.disk else {
      throw UserError(
        usage: "digest: the disk of \(name) depends on the client that asks for it"
      )
    }
    let progress = ProgressLine()
    let watch = BuildWatch(onEnd: progress.clear)
    defer {
      watch.end()
      progress.clear()
    }
    do throws(ReadFailure) {
      let digest = try DiskDigest.digest(of: disk) { progress.show("MiB read", $0 >> 20) }
      progress.clear()
      print(digest)
    } catch {
      throw UserError(host: "\(error.subject): at offset \(error.offset): \(error.cause)")
    }
  }
}
