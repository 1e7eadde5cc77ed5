import DiskModel
import FileTree
public import GeneratorKit

/// A directory as a FAT filesystem, with or without a partition table.
///
/// See ``manual`` for what users are told; `nbdgen help floppy` prints it.
public enum FloppyDisk: Generator {
  /// Scans the tree, lays out the filesystem, and puts it into a partition.
  ///
  /// Reads names and attributes only; file contents are read when clients ask for
  /// them. Takes time and memory in proportion to the number of files.
  public static func build(
    _ parameters: Parameters,
    in environment: BuildEnvironment
  ) throws(GeneratorError) -> GeneratedDisk {
    let options = try FloppyOptions(parameters, environment: environment)
    let tree = try scan(options.directory, environment)
    var selection = Selection(tree, onConflict: options.onConflict)
    try check(selection)
    var tables = plan(selection)
    let geometry = try choose(&selection, &tables, options, parameters)
    if let problem = options.bootCode.problem(for: geometry.type) {
      throw parameters.error("bootsector", problem.text)
    }
    let identity = TreeDigest.digest(
      of: tree,
      with: [geometry.type.rawValue, String(decoding: options.label ?? [], as: UTF8.self)]
    )
    let partitioning = options.partitioning(ofFilesystem: geometry.totalSectors)
    let assembly = FloppyAssembly(
      selection,
      tables,
      geometry,
      options,
      volumeID: options.volumeID ?? number(identity[0..<4]),
      partitioning: partitioning
    )
    let disk: Disk
    do {
      disk = try partition(try assembly.disk(), partitioning, geometry, options, identity)
    } catch {
      preconditionFailure("sizes are checked before anything is laid out")
    }
    var generated = GeneratedDisk(
      disk,
      summary: summary(selection, geometry, options),
      notes: tree.notes + selection.remarks.lines
    )
    generated.makeMap = { [size = disk.size] in
      let map = FloppyMap.map(of: assembly)
      let start = partitioning.firstSector * sectorSize
      return partitioning.layout.map(around: map, in: start..<start + map.size, size: size)
    }
    return generated
  }

  private static func scan(
    _ directory: String,
    _ environment: BuildEnvironment
  ) throws(GeneratorError) -> Tree {
    var scanning = ScanOptions()
    scanning.readsAttributes = false
    scanning.progress = { environment.progress("files found", $0) }
    do throws(ScanFailure) {
      return try TreeScanner.scan(
        directory,
        descriptors: environment.descriptors,
        options: scanning
      )
    } catch {
      throw .host(error.lines())
    }
  }

  private static func check(_ selection: Selection) throws(GeneratorError) {
    let problems = selection.problems
    guard !problems.isEmpty else { return }
    let advice =
      selection.isTooLarge
      ? [] : ["on-conflict=rename gives such names others, on-conflict=skip leaves them out"]
    throw .host(ScanFailure(problems).lines() + advice)
  }

  private static func plan(_ selection: Selection) -> [DirectoryTable] {
    selection.directories.enumerated().map { index, directory in
      // The root has room for a label, whether there is one or not.
      DirectoryTable(directory, ownSlots: index == 0 ? 1 : 2)
    }
  }

  private static func choose(
    _ selection: inout Selection,
    _ tables: inout [DirectoryTable],
    _ options: FloppyOptions,
    _ parameters: Parameters
  ) throws(GeneratorError) -> Geometry {
    do throws(GeometryChoice.Failure) {
      return try GeometryChoice(demand: Demand(selection, tables), options: options).geometry()
    } catch {
      switch error {
      case .tooSmall(let enough):
        throw parameters.error("size", "too small for the tree; size=\(enough) is enough")
      case .tooSmallForType(let type, let enough):
        let count = type.clusterCounts.lowerBound
        throw parameters.error(
          "size",
          "too small: \(type.name) has at least \(count) clusters; size=\(enough) is enough"
        )
      case .impossible(let problem):
        let name = ["size", "cluster", "type"].first { parameters[$0] != nil }
        if let name { throw parameters.error(name, problem) }
        throw .host(["\(options.directory): \(problem)"])
      case .rootTooSmall(let slots) where options.onConflict == .skip:
        selection = Selection(selection.tree, onConflict: .skip, rootLimit: slots)
        tables = plan(selection)
        return try choose(&selection, &tables, options, parameters)
      case .rootTooSmall(let slots):
        throw .host([
          "\(options.directory): its names take \(tables[0].slotCount) entries; the root directory "
            + "of this floppy has \(slots); use directories, another size=, or on-conflict=skip"
        ])
      }
    }
  }

  private static func partition(
    _ filesystem: Disk,
    _ partitioning: Partitioning,
    _ geometry: Geometry,
    _ options: FloppyOptions,
    _ identity: [UInt8]
  ) throws -> Disk {
    var disk: Disk
    switch partitioning.layout {
    case .none:
      disk = filesystem
    case .mbr:
      disk = try filesystem.partitioned(
        masterBootRecordType: partitionType(geometry, partitioning),
        isBootable: options.bootCode.isGiven,
        diskSignature: number(identity[4..<8]),
        firstSector: UInt32(partitioning.firstSector)
      )
    case .gpt:
      disk = try filesystem.partitioned(
        guidType: .efiSystem,
        diskGUID: GUID(bytes: TreeDigest.uuid(identity[8..<24])),
        identifier: GUID(bytes: TreeDigest.uuid(identity[24..<40])),
        name: "EFI system"
      )
    }
    // A part of a sector at the end belongs to nothing.
    if case .exactly(let size) = options.size { try disk.pad(to: max(size, disk.size)) }
    return disk
  }

  /// The partition's type (fatgen103 has none; these are those of MS-DOS and
  /// Windows).
  static func partitionType(_ geometry: Geometry, _ partitioning: Partitioning) -> UInt8 {
    let end = partitioning.firstSector + partitioning.filesystemSectors
    switch geometry.type {
    case .fat12: return 0x01
    case .fat16 where geometry.totalSectors < 65_536: return 0x04
    case .fat16: return end <= MasterBootRecord.cylinderLimit ? 0x06 : 0x0E
    case .fat32: return 0x0C
    }
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    bytes.reduce(0) { $0 << 8 | UInt32($1) }
  }

  private static func summary(
    _ selection: Selection,
    _ geometry: Geometry,
    _ options: FloppyOptions
  ) -> String {
    let count = selection.directories.reduce(0) { $0 + $1.entries.count }
    let label = options.label.map { label in
      let text = String(decoding: label, as: UTF8.self)
      return " \"\(text.prefix(1 + (label.lastIndex { $0 != 0x20 } ?? 0)))\""
    }
    return "\(geometry.type.name) filesystem\(label ?? "") of \(count) file\(count == 1 ? "" : "s")"
  }
}
