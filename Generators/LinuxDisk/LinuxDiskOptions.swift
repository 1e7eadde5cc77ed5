import DiskModel
import FileTree
import GeneratorKit

/// The parameters of `linuxdisk`, checked as far as they can be without
/// looking at the tree.
struct LinuxDiskOptions {
  /// What the tree is made of, later ones in place of earlier ones.
  var sources: [TreeSource]
  /// The filesystem's type, features, and sizes of blocks and inodes.
  var format: Format
  var label: String
  var size: Formatter.SizeRequest
  /// What only root may take.
  var reserved: Reservation
  /// What is around the filesystem.
  var layout: PartitionLayout
  /// `s_uuid`, if it was chosen.
  var uuid: [UInt8]?
  /// How many inodes there are beyond the tree's own, if that was chosen.
  var spareInodeCount: Int?
  /// How directories are scanned.
  var scanning = ScanOptions()
  /// What is done to the tree.
  var edits: TreeEdits
  /// `SOURCE_DATE_EPOCH`, if it is set.
  var time: UInt32?
  /// Where archives are decompressed to, if they have to be.
  var temporaryDirectory: String

  init(_ parameters: Parameters, environment: BuildEnvironment) throws(GeneratorError) {
    sources = try Self.sources(parameters)
    format = try Format(parameters)
    label = parameters["label"] ?? ""
    guard label.utf8.count <= 16 else {
      let count = label.utf8.count
      throw parameters.error("label", "has \(count) bytes; a label has at most 16")
    }
    layout = try parameters.choice("layout", of: PartitionLayout.self) ?? .mbr
    size = try Self.size(parameters, layout, format)
    reserved = try Self.reservation(parameters, format)
    uuid = try Self.uuid(parameters)
    spareInodeCount = try Self.spareInodeCount(parameters)
    edits = try TreeEdits(parameters)
    let attributes = try parameters.choice("xattrs", of: AttributeChoice.self) ?? .keep
    scanning.readsAttributes = attributes == .keep
    scanning.changePolicy = try parameters.choice("on-change", of: ChangePolicy.self) ?? .error
    scanning.snapshot = try parameters.choice("snapshot", of: SnapshotPolicy.self) ?? .none
    scanning.filter = edits.filter
    time = try environment.sourceDate()
    temporaryDirectory = environment.variables["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
  }

  /// Whether files keep their extended attributes.
  enum AttributeChoice: String, CaseIterable {
    case keep, skip
  }

  /// A part of the tree.
  enum TreeSource {
    /// A directory of the host.
    case directory(String)
    /// A tar archive, compressed or not.
    case archive(String)
    /// An image of containers.
    case image(String, ImageChoice)

    /// Whether it is scanned, which leaves out what is to be left out.
    var isDirectory: Bool {
      if case .directory = self { true } else { false }
    }
  }

  private static func sources(_ parameters: Parameters) throws(GeneratorError) -> [TreeSource] {
    var sources: [TreeSource] = []
    let choice = try imageChoice(parameters)
    for (name, value) in parameters.all("dir", "tar", "oci") {
      guard !value.isEmpty else {
        let what = name == "tar" ? "file" : "directory"
        throw parameters.error(name, value, "not a \(what)'s name")
      }
      switch name {
      case "dir": sources.append(.directory(value))
      case "tar": sources.append(.archive(value))
      default: sources.append(.image(value, choice))
      }
    }
    guard !sources.isEmpty else {
      throw .usage(
        parameter: nil,
        problem: "dir= is missing; write: nbdgen linuxdisk DIRECTORY, or give tar= or oci="
      )
    }
    return sources
  }

  /// Which image of a layout is meant.
  private static func imageChoice(_ parameters: Parameters) throws(GeneratorError) -> ImageChoice {
    let name = ["image", "platform"].first { parameters[$0] != nil }
    if let name, parameters["oci"] == nil {
      throw parameters.error(name, "is for images of containers; give one by oci=")
    }
    guard let text = parameters["platform"] else { return ImageChoice(name: parameters["image"]) }
    guard let platform = ImagePlatform(text) else {
      throw parameters.error("platform", "not a platform, such as linux/amd64 or linux/arm64/v8")
    }
    return ImageChoice(name: parameters["image"], platform: platform)
  }

  /// The most that an MBR partition holds, in bytes.
  private static let partitionLimit = 1 << 41

  private static func size(
    _ parameters: Parameters,
    _ layout: PartitionLayout,
    _ format: Format
  ) throws(GeneratorError) -> Formatter.SizeRequest {
    guard let text = parameters["size"] else { return .automatic }
    if text == "min" { return .minimal }
    let isExtra = text.hasPrefix("+")
    guard let bytes = Size.parse(isExtra ? text.dropFirst() : text[...]) else {
      throw parameters.error("size", Size.advice)
    }
    guard layout != .mbr || bytes <= partitionLimit else {
      throw parameters.error("size", "an MBR partition holds up to 2 TiB; layout=gpt holds more")
    }
    guard bytes <= format.sizeLimit else {
      throw parameters.error("size", format.sizeLimitProblem)
    }
    if isExtra { return .extra(bytes) }
    return bytes == 0 ? .automatic : .exactly(bytes)
  }

  private static func reservation(
    _ parameters: Parameters,
    _ format: Format
  ) throws(GeneratorError) -> Reservation {
    guard let text = parameters["reserved"] else { return .none }
    guard text.hasSuffix("%") else {
      guard let bytes = Size.parse(text) else {
        throw parameters.error("reserved", Size.advice + ", or a percentage")
      }
      guard bytes <= format.sizeLimit / 2 else {
        throw parameters.error("reserved", "at most half of the filesystem can be reserved")
      }
      return .bytes(bytes)
    }
    let parts = text.dropLast().split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), let whole = Int(parts[0]), (0...100).contains(whole),
      parts.count == 1 || parts[1].count == 1, let tenths = Int(parts.dropFirst().first ?? "0"),
      text.dropLast().allSatisfy({ $0 == "." || ("0"..."9").contains($0) })
    else {
      throw parameters.error("reserved", "not a percentage, such as 5% or 0.5%")
    }
    guard whole * 10 + tenths <= 500 else {
      throw parameters.error("reserved", "at most 50% of the filesystem can be reserved")
    }
    return .share(thousandths: whole * 10 + tenths)
  }

  private static func uuid(_ parameters: Parameters) throws(GeneratorError) -> [UInt8]? {
    guard let text = parameters["uuid"] else { return nil }
    let groups = text.split(separator: "-", omittingEmptySubsequences: false)
    let digits = groups.joined()
    let bytes = stride(from: 0, to: digits.count - 1, by: 2).compactMap { index in
      UInt8(digits.dropFirst(index).prefix(2), radix: 16)
    }
    guard groups.map(\.count) == [8, 4, 4, 4, 12], bytes.count == 16,
      digits.allSatisfy(\.isHexDigit)
    else {
      throw parameters.error("uuid", "not a UUID, such as 6D0A9C3E-6C3F-4B60-9B6F-0A6C5D2B7F11")
    }
    return bytes
  }

  private static func spareInodeCount(_ parameters: Parameters) throws(GeneratorError) -> Int? {
    guard let text = parameters["inodes"] else { return nil }
    guard text.hasPrefix("+"), let count = Size.parse(text.dropFirst()), count <= 1 << 31 else {
      throw parameters.error("inodes", "not a number of inodes beyond the tree's, such as +1000")
    }
    return count
  }
}
