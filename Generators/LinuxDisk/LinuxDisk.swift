import DiskModel
import FileTree
public import GeneratorKit

/// A directory tree as an ext2, ext3 or ext4 filesystem in an MBR partition.
///
/// See ``manual`` for what users are told; `nbdgen help linuxdisk` prints it.
public enum LinuxDisk: Generator {
  /// Scans the tree, lays out the filesystem, and wraps it in a partition.
  ///
  /// Reads names and attributes only; file contents are read when clients ask
  /// for them. Takes time and memory in proportion to the number of files.
  public static func build(
    _ parameters: Parameters,
    in environment: BuildEnvironment
  ) throws(GeneratorError) -> GeneratedDisk {
    let options = try LinuxDiskOptions(parameters, environment: environment)
    let tree = try makeTree(options, environment)
    let limits = TreeLimits(tree: tree, format: options.format)
    let problems = limits.problems()
    guard problems.isEmpty else {
      throw .host(ScanFailure(problems).lines(limit: problemLimit))
    }
    let identity = FilesystemIdentity(
      of: tree,
      options.format,
      label: options.label,
      uuid: options.uuid
    )
    let catalog = Catalog(tree, options.format, identity)
    let formatter = Formatter(
      label: options.label,
      catalog: catalog,
      identity: identity,
      time: options.time ?? UInt32(clamping: tree.lastModified.seconds),
      spareInodeCount: options.spareInodeCount,
      reserved: options.reserved
    )
    let filesystem = try makeFilesystem(formatter, options, parameters)
    let disk = try partition(filesystem.disk, options, identity)
    let notes = tree.notes + limits.notes(catalog.numbering)
    var generated = GeneratedDisk(disk, summary: summary(tree, options), notes: notes)
    generated.recipe = identity.recipe(parameters, time: formatter.time)
    generated.makeMap = { [plan = filesystem.plan, size = disk.size] in
      let map = FilesystemMap(plan)
      let start = options.layout == .none ? 0 : partitionAlignment
      var end = start + map.size
      if case .exactly(let bytes) = options.size { end = max(end, start + bytes) }
      return options.layout.map(around: map, in: start..<end, size: size)
    }
    return generated
  }

  /// Makes one tree of everything that the options name.
  private static func makeTree(
    _ options: LinuxDiskOptions,
    _ environment: BuildEnvironment
  ) throws(GeneratorError) -> Tree {
    var trees: [Tree] = []
    var problems: [ScanFailure] = []
    let archives = ArchiveOpener(
      descriptors: environment.descriptors,
      temporaryDirectory: options.temporaryDirectory
    )
    for source in options.sources {
      do throws(ScanFailure) {
        trees.append(try open(source, options, environment, archives))
      } catch {
        problems.append(error)
      }
    }
    guard problems.isEmpty else {
      throw .host(problems.flatMap { $0.lines(limit: problemLimit) })
    }
    // Scans leave things out themselves.
    let isFiltered = options.edits.filter.isEmpty || options.sources.allSatisfy(\.isDirectory)
    if trees.count == 1 && options.edits.isEmpty && isFiltered { return trees[0] }
    var draft = TreeDraft()
    for tree in trees { draft.merge(tree) }
    if !isFiltered { draft.remove(options.edits.filter) }
    try options.edits.apply(to: &draft, environment.descriptors, options.scanning.changePolicy)
    return draft.finish()
  }

  private static func open(
    _ source: LinuxDiskOptions.TreeSource,
    _ options: LinuxDiskOptions,
    _ environment: BuildEnvironment,
    _ archives: ArchiveOpener
  ) throws(ScanFailure) -> Tree {
    let keepsAttributes = options.scanning.readsAttributes
    if case .directory(let path) = source {
      var scanning = options.scanning
      scanning.progress = { environment.progress("files found", $0) }
      return try TreeScanner.scan(path, descriptors: environment.descriptors, options: scanning)
    }
    do throws(ArchiveFailure) {
      return switch source {
      case .archive(let path):
        try archives.tree(tar: path, keepsAttributes: keepsAttributes)
      case .image(let path, let choice):
        try archives.tree(image: path, choice, keepsAttributes: keepsAttributes)
      case .directory:
        preconditionFailure("directories are scanned")
      }
    } catch {
      throw ScanFailure(error)
    }
  }

  /// How many problems are named.
  private static let problemLimit = 20

  private static func makeFilesystem(
    _ formatter: Formatter,
    _ options: LinuxDiskOptions,
    _ parameters: Parameters
  ) throws(GeneratorError) -> Formatter.Filesystem {
    do throws(Formatter.Failure) {
      return try formatter.make(options.size)
    } catch {
      switch error {
      case .library(let error):
        throw .host([error.description])
      case .tooSmall(let needed):
        let suggestion = needed % (1 << 20) == 0 ? "\(needed >> 20)M" : "\(needed)"
        throw parameters.error("size", "too small for the tree; size=\(suggestion) is enough")
      case .tooLarge:
        let problem = options.format.sizeLimitProblem
        if parameters["size"] != nil { throw parameters.error("size", problem) }
        throw .host(["the tree needs more room than there can be: \(problem)"])
      case .tooManyInodes:
        throw .host(["a filesystem has at most 2^32 inodes; there would be more"])
      }
    }
  }

  private static func partition(
    _ filesystem: Disk,
    _ options: LinuxDiskOptions,
    _ identity: FilesystemIdentity
  ) throws(GeneratorError) -> Disk {
    do {
      var filesystem = filesystem
      if case .exactly(let bytes) = options.size, bytes > filesystem.size {
        try filesystem.pad(to: bytes)
      }
      switch options.layout {
      case .mbr:
        return try filesystem.partitioned(
          masterBootRecordType: 0x83,
          diskSignature: identity.diskSignature
        )
      case .gpt:
        return try filesystem.partitioned(
          guidType: .linuxFilesystem,
          diskGUID: identity.diskGUID,
          identifier: identity.partitionGUID,
          name: options.label.isEmpty ? "Linux" : options.label
        )
      case .none:
        return filesystem
      }
    } catch {
      throw .host([
        "the filesystem has \(Size.describe(filesystem.size)); an MBR partition holds up to 2 TiB; "
          + "layout=gpt holds more"
      ])
    }
  }

  private static func summary(_ tree: Tree, _ options: LinuxDiskOptions) -> String {
    let files = tree.nodes.count - 1
    let label = options.label.isEmpty ? "" : " \"\(options.label)\""
    return
      "\(options.format.type.rawValue) filesystem\(label) of \(files) file\(files == 1 ? "" : "s")"
  }
}
