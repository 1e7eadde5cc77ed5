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

  @OptionGroup var options: DiskOptions

  @Flag(name: .shortAndLong, help: "Say nothing but errors.")
  var quiet = false

  @Flag(name: .customLong("json"), help: "Print an object for each disk.")
  var isJSON = false

  @Argument(help: .init("What to build, and its parameters.", valueName: "generator"))
  var words: [String] = []

  func run() throws {
    try options.choice(of: words, for: "digest", isQuiet: quiet).forEach(digest)
  }

  private func digest(_ chosen: ChosenDisk) throws(UserError) {
    let disk = try chosen.buildForAll().disk
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
      report(digest, disk, of: chosen.export)
    } catch {
      throw UserError(host: "\(error.subject): at offset \(error.offset): \(error.cause)")
    }
  }

  private func report(_ digest: String, _ disk: Disk, of export: String?) {
    guard isJSON else {
      // As sha256sum has it where there are several.
      let name = export.map { "  \(HostPath.printable($0.utf8))" } ?? ""
      return StandardOutput.print(digest + name)
    }
    var facts = JSONObject()
    facts.add("export", export)
    facts.add("sha256", digest)
    facts.add("size", disk.size)
    StandardOutput.print(facts.text)
  }
}
