import DiskModel

/// A header block of a tar archive: 512 bytes, fields at fixed places (POSIX
/// `ustar` interchange format, and the older and GNU forms of it).
struct TarHeader {
  static let size = 512

  /// The block.
  let block: [UInt8]

  /// Which form the block has.
  let form: Form

  /// Forms that differ in what stands behind the first 257 bytes.
  enum Form {
    /// Before POSIX: nothing does.
    case v7
    /// `ustar\0` and `00`: a prefix of the name.
    case ustar
    /// `ustar  \0`: sparse maps and other things.
    case gnu
  }

  /// The fields: where they start and end in the block.
  enum Field {
    static let name = 0..<100
    static let mode = 100..<108
    static let user = 108..<116
    static let group = 116..<124
    static let size = 124..<136
    static let modified = 136..<148
    static let checksum = 148..<156
    static let type = 156
    static let linkName = 157..<257
    static let magic = 257..<265
    static let deviceMajor = 329..<337
    static let deviceMinor = 337..<345
    static let prefix = 345..<500
    static let sparseMap = 386..<482
    static let sparseIsExtended = 482
    static let sparseSize = 483..<495
  }

  /// The header in `block`, if its checksum says that it is one.
  ///
  /// - Precondition: The block has 512 bytes.
  init?(_ block: [UInt8]) {
    precondition(block.count == Self.size, "a header is a block")
    guard let expected = TarNumber.parse(block[Field.checksum]) else { return nil }
    // Spaces stand in the checksum's place; old programs had signed bytes.
    var unsigned = 8 * 32
    var signed = 8 * 32
    for (index, byte) in block.enumerated() where !Field.checksum.contains(index) {
      unsigned += Int(byte)
      signed += Int(Int8(bitPattern: byte))
    }
    guard expected == unsigned || expected == signed else { return nil }
    self.block = block
    form =
      if block[Field.magic].elementsEqual("ustar  \0".utf8) {
        .gnu
      } else if block[Field.magic].starts(with: "ustar".utf8) {
        .ustar
      } else {
        .v7
      }
  }

  /// The type of the member, a letter or digit; 0 in old archives.
  var type: UInt8 { block[Field.type] }

  /// A number, or `nil` if the field holds something else.
  func number(_ field: Range<Int>) -> Int? { TarNumber.parse(block[field]) }

  /// Text up to a zero byte or to the end of the field.
  func text(_ field: Range<Int>) -> ArraySlice<UInt8> { block[field].prefix { $0 != 0 } }

  /// The name, with its prefix.
  var name: [UInt8] {
    let name = text(Field.name)
    guard form == .ustar else { return Array(name) }
    let prefix = text(Field.prefix)
    return prefix.isEmpty ? Array(name) : prefix + [UInt8(ascii: "/")] + name
  }
}

/// Numbers as tar archives write them.
enum TarNumber {
  /// Octal digits between spaces and zero bytes, or with the top bit set a
  /// big-endian number in two's complement.
  ///
  /// - Returns: The number, 0 for an empty field, and `nil` for anything that is
  ///   not a number or has more than 63 bits.
  static func parse(_ field: ArraySlice<UInt8>) -> Int? {
    guard let first = field.first else { return nil }
    if first & 0x80 != 0 { return parseBinary(field, first: first) }
    let isBlank = { (byte: UInt8) in byte == 0 || byte == 32 }
    let digits = field.drop(while: { $0 == 32 }).prefix { !isBlank($0) }
    guard field[digits.endIndex...].allSatisfy(isBlank) else { return nil }
    var value = 0
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(digit), value >> 60 == 0 else {
        return nil
      }
      value = value << 3 | Int(digit - UInt8(ascii: "0"))
    }
    return value
  }

  private static func parseBinary(_ field: ArraySlice<UInt8>, first: UInt8) -> Int? {
    // The second bit is the sign.
    var value = first & 0x40 != 0 ? -1 : 0
    value = value << 6 | Int(first & 0x3F)
    for byte in field.dropFirst() {
      let (shifted, overflow) = value.multipliedReportingOverflow(by: 256)
      guard !overflow else { return nil }
      value = shifted | Int(byte)
    }
    return value
  }

  /// A decimal number without a sign, as in pax records.
  static func parseDecimal(_ digits: some Collection<UInt8>) -> Int? {
    guard !digits.isEmpty, digits.count <= 19 else { return nil }
    var value = 0
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
      let (tens, first) = value.multipliedReportingOverflow(by: 10)
      let (sum, second) = tens.addingReportingOverflow(Int(digit - UInt8(ascii: "0")))
      guard !first, !second else { return nil }
      value = sum
    }
    return value
  }

  /// A time in seconds with a fraction, as in pax records: `-1.25`.
  ///
  /// Digits beyond nanoseconds are cut off, towards the past.
  static func parseTime(_ text: some Collection<UInt8>) -> Timestamp? {
    let isNegative = text.first == UInt8(ascii: "-")
    let digits = isNegative ? text.dropFirst() : text.dropFirst(0)
    let parts = digits.split(
      separator: UInt8(ascii: "."),
      maxSplits: 1,
      omittingEmptySubsequences: false
    )
    guard let whole = parts.first, let seconds = parseDecimal(whole) else { return nil }
    var nanoseconds = 0
    var isCut = false
    if parts.count == 2 {
      guard parts[1].allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
        return nil
      }
      let fraction = parts[1].prefix(9)
      isCut = parts[1].dropFirst(9).contains { $0 != UInt8(ascii: "0") }
      for digit in fraction { nanoseconds = nanoseconds * 10 + Int(digit - UInt8(ascii: "0")) }
      for _ in fraction.count..<9 { nanoseconds *= 10 }
    }
    guard isNegative else {
      return Timestamp(seconds: Int64(seconds), nanoseconds: UInt32(nanoseconds))
    }
    // -1.25 is 0.75 after -2.
    let before = nanoseconds + (isCut ? 1 : 0)
    guard before > 0 else { return Timestamp(seconds: Int64(-seconds)) }
    return Timestamp(
      seconds: Int64(-seconds - 1),
      nanoseconds: UInt32(1_000_000_000 - before)
    )
  }
}
