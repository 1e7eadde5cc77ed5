import DiskModel
import GeneratorKit

/// Reads a device table, as makedevs of buildroot and genext2fs have it: lines of up
/// to ten fields, `name type mode user group major minor start increment count`.
struct DeviceTableReader: ManifestReader {
  private var lines: ManifestLines
  /// The first word of the next line, if that was looked at already.
  private var nextName: ManifestWord?
  /// The rest of the files that a line with a count makes.
  private var range: DeviceTableRange?
  let remarks = ManifestRemarks()

  init(_ lines: ManifestLines) { self.lines = lines }

  mutating func next(_ failures: inout [ManifestError]) -> ManifestEntry? {
    while true {
      if let entry = range?.next() { return entry }
      guard let name = nextName ?? lines.nextLine() else { return nil }
      nextName = nil
      do throws(ManifestError) {
        if Self.isAttribute(name) {
          throw name.error("there is no file above this line that it could be for")
        }
        range = try read(name)
      } catch {
        failures.append(error)
      }
      readAttributes(&failures)
    }
  }

  private static func isAttribute(_ word: ManifestWord) -> Bool {
    word.bytes.first == UInt8(ascii: "|")
  }

  /// The fields after the name.
  private mutating func read(_ name: ManifestWord) throws(ManifestError) -> DeviceTableRange {
    var fields: [ManifestWord] = []
    while fields.count < 10, let word = lines.nextWord() { fields.append(word) }
    if fields.count == 10 {
      throw fields[9].error(
        "a line has ten fields: name type mode uid gid major minor start inc count"
      )
    }
    guard let type = fields.first else {
      throw name.error("after the name there is a type: f, F, d, r, c, b, p or s")
    }
    let components = name.bytes.split(separator: UInt8(ascii: "/")).map { Array($0) }
    var entry = ManifestEntry()
    entry.path = try ManifestEntry.path(components, at: name.place)
    entry.place = name.place
    try Self.setType(type, &entry)
    func field(_ index: Int) -> ManifestWord? {
      guard index < fields.count, fields[index].text != "-" else { return nil }
      return fields[index]
    }
    if let mode = field(1), mode.text != "-1" {
      guard let value = Number.parse(mode.bytes, radix: 8), value <= 0o7777 else {
        throw mode.error("\(mode.printable) is no octal mode, nor -1 or -")
      }
      entry.permissions = UInt16(value)
    }
    entry.user = field(2).map(Self.owner)
    entry.group = field(3).map(Self.owner)
    let numbers = DeviceTableRange.Numbers(
      major: try Self.number(field(4)),
      minor: try Self.number(field(5)),
      start: try Self.number(field(6)),
      increment: try Self.number(field(7)),
      count: try Self.number(field(8))
    )
    if field(4) == nil && (type.text == "c" || type.text == "b") {
      throw type.error("a device needs numbers, major and minor")
    }
    return try DeviceTableRange(entry, numbers, at: (fields.count > 8 ? fields[8] : type).place)
  }

  private static func setType(
    _ type: ManifestWord,
    _ entry: inout ManifestEntry
  ) throws(ManifestError) {
    var kind: Node.Kind?
    switch type.text {
    case "f":
      kind = .regular
      entry.absence = .refuses
    case "F":
      kind = .regular
      entry.absence = .skips
    case "d": kind = .directory
    case "r":
      entry.action = .setBelow
      entry.absence = .refuses
    case "c": kind = .characterDevice
    case "b": kind = .blockDevice
    case "p": kind = .fifo
    case "s": kind = .socket
    case "l":
      throw type.error(
        "no field says where a link leads; an mtree manifest does: type=link link=..."
      )
    default:
      throw type.error("\(type.printable) is no type; there are f, F, d, r, c, b, p and s")
    }
    entry.kind = kind.map { Placed(value: $0, place: type.place) }
  }

  private static func owner(_ word: ManifestWord) -> Placed<ManifestEntry.Owner> {
    if let number = Number.parse(word.bytes), number <= ManifestEntry.ownerLimit {
      return Placed(value: .number(UInt32(number)), place: word.place)
    }
    return Placed(value: .name(Array(word.bytes)), place: word.place)
  }

  private static func number(_ word: ManifestWord?) throws(ManifestError) -> Int {
    guard let word else { return 0 }
    guard let number = Number.parse(word.bytes), number <= ManifestEntry.deviceLimit.minor else {
      let limit = ManifestEntry.deviceLimit.minor
      throw word.error("\(word.printable) is no number up to \(limit), nor -")
    }
    return number
  }

  /// Reads the lines that give the files their capabilities.
  private mutating func readAttributes(_ failures: inout [ManifestError]) {
    var capabilities = CapabilityText()
    while let name = lines.nextLine() {
      guard Self.isAttribute(name) else {
        nextName = name
        return
      }
      do throws(ManifestError) {
        guard name.text == "|xattr" else {
          throw name.error("\(name.printable) is not known; there is |xattr")
        }
        var clauseCount = 0
        while let clause = lines.nextWord() {
          try capabilities.add(clause)
          clauseCount += 1
        }
        guard clauseCount > 0 else {
          throw name.error("after |xattr there are capabilities, such as cap_net_raw+ep")
        }
        guard let value = capabilities.stored else {
          throw name.error("e is for all capabilities that have i or p, or for none")
        }
        range?.entry.attributes = [
          ExtendedAttribute(name: Array("security.capability".utf8)[...], value: value[...])
        ]
      } catch {
        failures.append(error)
      }
    }
  }
}
