import DiskModel
import GeneratorKit

/// Values of keywords of mtree(5).
enum MtreeValue {
  private static let kinds: [(name: String, kind: Node.Kind)] = [
    ("file", .regular), ("dir", .directory), ("link", .symbolicLink), ("char", .characterDevice),
    ("block", .blockDevice), ("fifo", .fifo), ("socket", .socket),
  ]

  /// The name of a kind.
  static func name(of kind: Node.Kind) -> String {
    kinds.first { $0.kind == kind }?.name ?? ""
  }

  static func kind(_ value: ManifestWord) throws(ManifestError) -> Node.Kind {
    if let found = kinds.first(where: { $0.name == value.text }) { return found.kind }
    let names = kinds.map(\.name)
    throw value.error("\(value.printable) is no type; there are \(names.joined(separator: ", "))")
  }

  static func owner(_ value: ManifestWord) throws(ManifestError) -> UInt32 {
    guard let number = Number.parse(value.bytes), number <= ManifestEntry.ownerLimit else {
      throw value.error("\(value.printable) is no number of a user or group")
    }
    return UInt32(number)
  }

  /// Seconds since 1970, and after a dot nanoseconds: how many, not a decimal
  /// fraction, as programs that know mtree write and read them.
  static func time(_ value: ManifestWord) throws(ManifestError) -> Timestamp {
    let parts = value.bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    var seconds = parts.first ?? []
    let isNegative = seconds.first == UInt8(ascii: "-")
    if isNegative { seconds = seconds.dropFirst() }
    let fraction = parts.count > 1 ? Number.parse(parts[1]) : 0
    guard parts.count <= 2, let whole = Number.parse(seconds), let fraction,
      fraction < 1_000_000_000
    else {
      throw value.error("\(value.printable) is no time: seconds since 1970, a dot, nanoseconds")
    }
    return Timestamp(
      seconds: Int64(isNegative ? -whole : whole),
      nanoseconds: UInt32(fraction)
    )
  }

  /// Systems whose device numbers have a major and a minor part (mtree(5)).
  private static let systems: Set<String> = [
    "native", "386bsd", "4bsd", "bsdos", "freebsd", "hpux", "isc", "linux", "netbsd", "osf1",
    "sco", "solaris", "sunos", "svr3", "svr4", "ultrix",
  ]

  /// `native,MAJOR,MINOR`, or a number as Linux puts one together.
  static func device(_ value: ManifestWord) throws(ManifestError) -> Node.DeviceNumber {
    let parts = value.bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    var numbers: (major: Int, minor: Int)?
    if parts.count == 1, let number = Number.parseAsInC(value.bytes) {
      // As in gnu_dev_makedev of glibc.
      numbers = (
        number >> 8 & 0xFFF | number >> 32 & ~0xFFF, number & 0xFF | number >> 12 & 0xFFFF_FF00
      )
    }
    if parts.count == 3, systems.contains(String(decoding: parts[0], as: UTF8.self)),
      let major = Number.parseAsInC(parts[1]), let minor = Number.parseAsInC(parts[2])
    {
      numbers = (major, minor)
    }
    guard let numbers else {
      throw value.error(
        "\(value.printable) is no device: write native,MAJOR,MINOR, or a number"
      )
    }
    return try device(numbers.major, numbers.minor, at: value.place)
  }

  static func device(
    _ major: Int,
    _ minor: Int,
    at place: ManifestPlace
  ) throws(ManifestError) -> Node.DeviceNumber {
    let limit = ManifestEntry.deviceLimit
    guard 0...limit.major ~= major, 0...limit.minor ~= minor else {
      throw ManifestError(
        "Linux has device numbers up to \(limit.major) (major) and \(limit.minor) (minor)",
        at: place
      )
    }
    return Node.DeviceNumber(major: UInt32(major), minor: UInt32(minor))
  }
}
