import DiskModel
import GeneratorKit

/// An extended attribute as manifests write it: the value as getfattr(1) does, as
/// text, in hexadecimal after `0x`, or in Base64 after `0s`.
enum AttributeText {
  /// Most bytes of a value (`XATTR_SIZE_MAX` of linux/limits.h).
  private static let sizeLimit = 65536

  static func read(
    _ name: ManifestWord,
    _ value: ManifestWord?
  ) throws(ManifestError) -> ExtendedAttribute {
    guard let value else { throw name.error("an extended attribute needs a value: ...=") }
    let attribute = ExtendedAttribute(
      name: try EncodedName.decode(name)[...],
      value: try self.value(value)[...]
    )
    let dot = attribute.name.firstIndex(of: UInt8(ascii: "."))
    guard attribute.isPortable, dot != attribute.name.indices.last, !attribute.name.contains(0),
      attribute.name.count <= AttributeSet.nameLimit
    else {
      throw name.error(
        "\(name.printable) cannot be stored: names start with user., trusted. or security., or are "
          + "system.posix_acl_access or system.posix_acl_default, with at most 255 bytes"
      )
    }
    guard attribute.value.count <= sizeLimit else {
      throw value.error("the value has more than \(sizeLimit) bytes")
    }
    return attribute
  }

  private static func value(_ word: ManifestWord) throws(ManifestError) -> [UInt8] {
    let bytes = word.bytes
    switch bytes.prefix(2) {
    case [0x30, 0x73], [0x30, 0x53]:
      do throws(Base64.Failure) {
        return try Base64.decode(Array(bytes.dropFirst(2)))
      } catch {
        let place = word.place(after: 2 + error.offset)
        throw ManifestError("Base64: \(error.problem)", at: place)
      }
    case [0x30, 0x78], [0x30, 0x58]:
      let digits = Array(bytes.dropFirst(2))
      guard digits.count % 2 == 0 else {
        throw word.error("a hexadecimal value has two digits for each byte")
      }
      var value: [UInt8] = []
      for index in stride(from: 0, to: digits.count, by: 2) {
        guard let byte = Number.parse(digits[index...index + 1], radix: 16) else {
          let place = word.place(after: 2 + index)
          throw ManifestError("these are no hexadecimal digits", at: place)
        }
        value.append(UInt8(byte))
      }
      return value
    default:
      if bytes.first == UInt8(ascii: "\"") {
        throw word.error("write the text without quotes, and a blank as \\s")
      }
      if bytes.count == 40, Number.isHexadecimal(bytes) {
        throw word.error(
          "a SHA-1 digest, as gomtree writes it, does not tell the value; write that itself"
        )
      }
      return try EncodedName.decode(word)
    }
  }
}
