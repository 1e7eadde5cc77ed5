import DiskModel
import GeneratorKit

/// The parameters of `floppy`, checked as far as they can be without looking at
/// the tree.
struct FloppyOptions {
  var directory: String
  var type: FATType?
  /// Size of a cluster in bytes, if it was given.
  var clusterSize: Int?
  var size: SizeRequest
  /// `nil` if the size decides.
  private let chosenLayout: PartitionLayout?
  /// 11 bytes, padded; `nil` for none.
  var label: [UInt8]?
  var volumeID: UInt32?
  var bootCode: BootCode
  var onConflict: ConflictPolicy
  var zone: TimeZone
  /// `SOURCE_DATE_EPOCH`, if it is set.
  var time: UInt32?

  /// How large the disk should be.
  enum SizeRequest: Equatable {
    /// As large as it takes, and a fifth more.
    case automatic
    /// So many bytes more than it takes.
    case extra(Int)
    case exactly(Int)
  }

  init(_ parameters: Parameters, environment: BuildEnvironment) throws(GeneratorError) {
    directory = parameters.required("dir")
    guard !directory.isEmpty else { throw parameters.error("dir", "not a directory's name") }
    type = try Self.type(parameters)
    clusterSize = try Self.clusterSize(parameters)
    size = try Self.size(parameters)
    chosenLayout = try Self.layout(parameters)
    label = try Self.label(parameters)
    volumeID = try Self.volumeID(parameters)
    bootCode = try Self.bootCode(parameters)
    onConflict = try parameters.choice("on-conflict", of: ConflictPolicy.self) ?? .error
    zone = try Self.zone(parameters)
    time = try environment.sourceDate()
    try checkSize(parameters)
  }

  private static func type(_ parameters: Parameters) throws(GeneratorError) -> FATType? {
    enum Choice: String, CaseIterable { case auto, fat12, fat16, fat32 }
    guard let choice = try parameters.choice("type", of: Choice.self) else { return nil }
    return FATType(rawValue: choice.rawValue)
  }

  private static func clusterSize(_ parameters: Parameters) throws(GeneratorError) -> Int? {
    guard let text = parameters["cluster"] else { return nil }
    guard let size = Size.parse(text) else { throw parameters.error("cluster", Size.advice) }
    guard (sectorSize...1 << 16).contains(size), size & (size - 1) == 0 else {
      throw parameters.error("cluster", "not 512, 1K, 2K, 4K, 8K, 16K, 32K or 64K")
    }
    return size
  }

  private static func size(_ parameters: Parameters) throws(GeneratorError) -> SizeRequest {
    guard let text = parameters["size"] else { return .automatic }
    let isExtra = text.hasPrefix("+")
    guard let bytes = Size.parse(isExtra ? text.dropFirst() : text[...]) else {
      throw parameters.error("size", Size.advice)
    }
    guard bytes <= 1 << 41 else { throw parameters.error("size", "a FAT disk has 2 TiB at most") }
    if isExtra { return .extra(bytes) }
    if bytes == 0 { return .automatic }
    guard bytes >= 1 << 16 else { throw parameters.error("size", "a FAT disk has 64 KiB at least") }
    return .exactly(bytes)
  }

  /// What is around the filesystem: nothing if the disk is no larger than a floppy
  /// disk, unless something was chosen.
  var layout: PartitionLayout {
    if let chosenLayout { return chosenLayout }
    if case .exactly(let bytes) = size, bytes <= FloppyFormat.largestSize { return .none }
    return .mbr
  }

  private static func layout(_ parameters: Parameters) throws(GeneratorError) -> PartitionLayout? {
    enum Choice: String, CaseIterable { case auto, mbr, gpt, none }
    switch try parameters.choice("layout", of: Choice.self) ?? .auto {
    case .mbr: return .mbr
    case .gpt: return .gpt
    case .none: return PartitionLayout.none
    case .auto: return nil
    }
  }

  private static func label(_ parameters: Parameters) throws(GeneratorError) -> [UInt8]? {
    guard let text = parameters["label"], !text.isEmpty else { return nil }
    let letters = text.uppercased()
    let forbidden = "\"*+,./:;<=>?[\\]|".utf8
    guard letters.utf8.allSatisfy({ (0x20..<0x7F).contains($0) && !forbidden.contains($0) }) else {
      throw parameters.error(
        "label",
        "has a character that labels do not have; letters, digits, spaces, - and _ will do"
      )
    }
    guard letters.utf8.count <= 11, !letters.hasPrefix(" ") else {
      throw parameters.error("label", "a label has at most 11 characters, the first not a space")
    }
    return Array(letters.utf8) + [UInt8](repeating: 0x20, count: 11 - letters.utf8.count)
  }

  private static func volumeID(_ parameters: Parameters) throws(GeneratorError) -> UInt32? {
    guard let text = parameters["volume-id"] else { return nil }
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    let digits = parts.joined()
    guard parts.count == 1 || parts.map(\.count) == [4, 4], digits.utf8.count == 8,
      digits.allSatisfy(\.isHexDigit), let number = UInt32(digits, radix: 16)
    else { throw parameters.error("volume-id", "not eight hexadecimal digits, such as 1234-ABCD") }
    return number
  }

  private static func bootCode(_ parameters: Parameters) throws(GeneratorError) -> BootCode {
    guard let path = parameters["bootsector"] else { return .message }
    let bytes: [UInt8]
    do {
      guard let disk = try Disk.ofHostFile(path, descriptors: DescriptorCache(capacity: 1)) else {
        throw GeneratorError.host(["\(path): not a regular file"])
      }
      bytes = try disk.bytes(0..<min(disk.size, sectorSize + 1))
    } catch let error as GeneratorError {
      throw error
    } catch {
      throw .host(["\(path): \(error)"])
    }
    do throws(BootCode.Problem) {
      return try BootCode(bytes)
    } catch {
      let text = bytes.count > sectorSize ? "has more than 512 bytes" : error.text
      throw parameters.error("bootsector", text)
    }
  }

  private static func zone(_ parameters: Parameters) throws(GeneratorError) -> TimeZone {
    guard let text = parameters["timezone"] else { return .fixed(0) }
    guard let zone = TimeZone(text) else {
      throw parameters.error("timezone", "not UTC, local, or hours ahead of UTC such as +02:00")
    }
    return zone
  }

  /// Sees to it that partition tables leave something over.
  private func checkSize(_ parameters: Parameters) throws(GeneratorError) {
    guard case .exactly(let bytes) = size, filesystemSectors(ofDisk: bytes) < 64 else { return }
    throw parameters.error(
      "size",
      "leaves no room for a filesystem beside the partition table; layout=none has none"
    )
  }
}
