import CHost
import DiskModel
import GeneratorKit

/// What the command line says of a disk.
struct DiskRecipe {
  let generator: any Generator.Type
  /// The parameters, as they were given.
  let words: [String]
  /// Whether expressions may read files and run scripts.
  var allowsHostAccess = true

  /// Builds the disk, and shows on a terminal how far that is; a signal ends the program.
  func build() throws -> GeneratedDisk {
    // Before there are threads: all of them leave the signals to who waits for them.
    host_block_signals()
    var environment = BuildEnvironment(
      variables: Environment.variables,
      descriptors: DescriptorCache(capacity: Self.descriptorCapacity),
      allowsHostAccess: allowsHostAccess,
      clock: HostClock.clock
    )
    let progress = ProgressLine()
    environment.progress = progress.show
    let watch = BuildWatch(onEnd: progress.clear)
    defer {
      watch.end()
      progress.clear()
    }
    do throws(GeneratorError) {
      let parameters = try Parameters(words, for: generator.manual)
      return try generator.build(parameters, in: environment)
    } catch {
      throw UserError(error, of: generator.manual.name)
    }
  }

  /// How many of the tree's files are kept open: half of what the host allows,
  /// so that there are as many left for clients.
  private static var descriptorCapacity: Int {
    min(max(Int(host_descriptor_limit(0)) / 2, 16), 1 << 16)
  }
}
