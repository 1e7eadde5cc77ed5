/// The files that a line of a device table is for: one, or as many as its count says.
struct DeviceTableRange {
  var entry: ManifestEntry
  private let numbers: Numbers
  private var done = 0

  struct Numbers {
    var major: Int
    var minor: Int
    var start: Int
    var increment: Int
    var count: Int
  }

  init(_ entry: ManifestEntry, _ numbers: Numbers, at place: ManifestPlace) throws(ManifestError) {
    self.entry = entry
    self.numbers = numbers
    let last = numbers.minor + max(0, numbers.count - 1) * numbers.increment
    if isDevice { _ = try MtreeValue.device(numbers.major, last, at: place) }
    guard numbers.count > 1 else { return }
    guard let kind = entry.kind?.value, ![.regular, .directory].contains(kind) else {
      throw ManifestError("only devices, fifos and sockets can be counted", at: place)
    }
    guard let name = entry.path.split(separator: UInt8(ascii: "/")).last, name.count <= 245 else {
      throw ManifestError("the names with numbers have more than 255 bytes", at: place)
    }
  }

  private var isDevice: Bool {
    entry.kind?.value == .characterDevice || entry.kind?.value == .blockDevice
  }

  /// The next file's entry.
  mutating func next() -> ManifestEntry? {
    guard done < max(1, numbers.count) else { return nil }
    var next = entry
    if numbers.count > 1 { next.path += Array("\(numbers.start + done)".utf8) }
    if isDevice {
      let device = Node.DeviceNumber(
        major: UInt32(numbers.major),
        minor: UInt32(numbers.minor + done * numbers.increment)
      )
      next.device = Placed(value: device, place: entry.place)
    }
    done += 1
    return next
  }
}
