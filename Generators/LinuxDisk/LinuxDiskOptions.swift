import GeneratorKit

/// The parameters of `linuxdisk`, checked as far as they can be without
/// looking at the tree.
struct LinuxDiskOptions {
  var directory: String
  var type: FilesystemType
  var label: String
  var size: Formatter.SizeRequest
  /// `SOURCE_DATE_EPOCH`, if it is set.
  var time: UInt32?

  init(_ parameters: Parameters, environment: BuildEnvironment) throws(GeneratorError) {
    directory = parameters.required("dir")
    guard !directory.isEmpty else { throw parameters.error("dir", "not a directory's name") }
    type = try parameters.choice("type", of: FilesystemType.self) ?? .ext2
    label = parameters["label"] ?? ""
    guard label.utf8.count <= 16 else {
      let count = label.utf8.count
      throw parameters.error("label", "has \(count) bytes; a label has at most 16")
    }
    size = try Self.size(parameters)
    time = try environment.sourceDate()
  }

  private static func size(
    _ parameters: Parameters
  ) throws(GeneratorError) -> Formatter.SizeRequest {
    guard let text = parameters["size"] else { return .automatic }
    let isExtra = text.hasPrefix("+")
    guard let bytes = Size.parse(isExtra ? text.dropFirst() : text[...]) else {
      throw parameters.error("size", Size.advice)
    }
    // What an MBR partition can hold, and less than what would overflow.
    guard bytes <= 1 << 41 else {
      throw parameters.error("size", "an MBR partition holds up to 2 TiB")
    }
    if isExtra { return .extra(bytes) }
    return bytes == 0 ? .automatic : .exactly(bytes)
  }
}
