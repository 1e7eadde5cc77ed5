import CHost
import DiskModel
import GeneratorKit

/// What the command line, or a file, says of a disk.
struct DiskRecipe: Sendable {
  let generator: any Generator.Type
  /// The parameters, as they were given.
  let words: [String]
  /// Whether expressions may read files and run scripts.
  var allowsHostAccess = true
  /// Whether a terminal is shown nothing.
  var isQuiet = false

  /// Builds the disk, and shows on a terminal how far that is; a signal ends the program.
  func build() throws(UserError) -> GeneratedDisk {
    // Before there are threads: all of them leave the signals to who waits for them.
    host_block_signals()
    let progress = ProgressLine(isQuiet: isQuiet)
    let watch = BuildWatch(onEnd: progress.clear)
    defer {
      watch.end()
      progress.clear()
    }
    return try make(progress: progress.show)
  }

  /// Builds the disk on this thread.
  ///
  /// - Parameter progress: Is told how far it is.
  /// - Returns: The disk, and what there is to say of it.
  /// - Throws: ``UserError`` that names the generator.
  func make(
    progress: @escaping @Sendable (_ what: String, _ count: Int) -> Void = { _, _ in }
  ) throws(UserError) -> GeneratedDisk {
    var environment = BuildEnvironment(
      variables: Environment.variables,
      descriptors: Self.descriptors,
      allowsHostAccess: allowsHostAccess,
      clock: HostClock.clock
    )
    environment.progress = progress
    do throws(GeneratorError) {
      let parameters = try Parameters(words, for: generator.manual)
      return try generator.build(parameters, in: environment)
    } catch {
      throw UserError(error, of: generator.manual.name)
    }
  }

  /// The files of all disks that are open: half of what the host allows, so that there
  /// are as many left for clients.
  private static let descriptors = DescriptorCache(
    capacity: min(max(Int(host_descriptor_limit(0)) / 2, 16), 1 << 16)
  )
}
