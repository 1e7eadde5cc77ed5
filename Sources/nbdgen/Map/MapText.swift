import DiskModel
import GeneratorKit

/// A map for people: a bar, a legend, and a table.
struct MapText {
  let disk: MappedDisk
  let terminal: Terminal
  /// Whether every piece has a row.
  let isComplete: Bool

  /// Rows of a table that is not complete, at most.
  static let rowLimit = 40

  /// Writes all of it, line by line.
  func write(_ print: (String) -> Void) {
    guard disk.size > 0 else { return print("\(disk.title), empty") }
    let survey = MapSurvey(disk.map, cellCount: terminal.width - 2, limit: Self.rowLimit)
    let size = Size.describe(disk.size)
    let count = survey.pieceCount == 1 ? "1 piece" : "\(grouped(survey.pieceCount)) pieces"
    print("\(disk.title): \(size) in \(count)")
    print("")
    print("[" + survey.cells.map { terminal.cell($0.dominant) }.joined() + "]")
    print("0" + String(repeating: " ", count: max(1, terminal.width - 1 - size.count)) + size)
    print("")
    for category in survey.sizes.present { print(legend(category, survey.sizes[category])) }
    print("")
    writeTable(isComplete ? .pieces : survey.grouping(ofAtMost: Self.rowLimit), print)
  }

  private func legend(_ category: MapCategory, _ size: Int) -> String {
    let title = pad(category.title, to: 34)
    let text = padStart(Size.describe(size), to: 11) + padStart(share(size, of: disk.size), to: 8)
    return " \(terminal.cell(category)) \(title)\(text)"
  }

  private func writeTable(_ grouping: RowGrouping, _ print: (String) -> Void) {
    let width = max(6, "\(disk.size)".count)
    print("   " + padStart("offset", to: width) + padStart("size", to: 12) + "  what")
    var gatherer = RowGatherer(grouping)
    var rowCount = 0
    var hidden: (rows: Int, pieces: Int) = (0, 0)
    func write(_ row: MapRow) {
      rowCount += 1
      guard isComplete || rowCount <= Self.rowLimit else {
        hidden = (hidden.rows + 1, hidden.pieces + row.pieceCount)
        return
      }
      let category = row.counts[.file] == nil ? row.sizes.dominant : MapCategory.file
      let offset = padStart("\(row.range.lowerBound)", to: width)
      let size = padStart(Size.describe(row.range.count), to: 12)
      print(" \(terminal.cell(category)) \(offset)\(size)  \(row.description)")
    }
    _ = disk.map.visit(0..<disk.size) { piece in
      gatherer.add(piece, write)
      return true
    }
    gatherer.finish(write)
    if hidden.rows > 0 {
      print("   ... and \(grouped(hidden.pieces)) further pieces; --all shows each of them")
    } else if !isComplete && grouping != .files {
      print("   Pieces that lie side by side are gathered; --all shows each of them.")
    }
  }
}

extension MapRow {
  /// What is in the row, for people.
  var description: String {
    let owner = first.owner
    guard pieceCount > 1 else { return owner.description }
    let names = counts.keys.sorted { $0.rawValue < $1.rawValue }
    let total = counts.values.reduce(0, +)
    if let path = owner.path, counts[.file] == 1, names.allSatisfy({ $0 == .file || $0.isMap }) {
      return "file \(printable(path))"
    }
    if total == 1, let path = owner.path { return "\(owner.kind.rawValue) \(printable(path))" }
    if let group = owner.group, let lastGroup, names.count == 1 {
      return "\(plural(owner.kind.rawValue)) of groups \(group) to \(lastGroup)"
    }
    let list = names.map { kind in
      let count = counts[kind] ?? 0
      return "\(grouped(count)) \(count == 1 ? kind.rawValue : plural(kind.rawValue))"
    }
    let place = owner.path == nil ? "" : " in \(folder.isEmpty ? "/" : printable(folder))"
    return list.joined(separator: ", ") + place
  }
}

extension Owner.Kind {
  /// Whether it tells where the content of a file is.
  fileprivate var isMap: Bool { rawValue == "extent tree" || rawValue == "indirect blocks" }
}

extension Owner {
  /// What it is, in a few words.
  var description: String {
    var text = kind.rawValue
    if kind.rawValue == "inode", let inode { text += " \(inode)" }
    if let path { text += Self.joint(kind) + printable(path) }
    if let offset, offset > 0 { text += " from byte \(grouped(offset)) on" }
    if let group { text += (path == nil ? " of" : ", in") + " group \(group)" }
    if let note { text += " (\(note))" }
    return text
  }

  /// What stands between something and the file that it belongs to.
  private static func joint(_ kind: Kind) -> String {
    switch kind.rawValue {
    case "slack": " behind "
    case "inode", "extent tree", "indirect blocks", "extended attributes": " of "
    case "file allocation table": ", "
    default: " "
    }
  }
}

/// The plural of what something is called.
private func plural(_ word: String) -> String {
  if word.hasSuffix("y") { return word.dropLast() + "ies" }
  if word.hasSuffix("s") || word == "free" || word == "slack" { return word }
  return word + "s"
}

/// A path for people.
func printable(_ path: [UInt8]) -> String { HostPath.printable(path) }

/// A number with a comma before each three digits.
func grouped(_ count: Int) -> String {
  var text = ""
  for (index, digit) in String(count).reversed().enumerated() {
    if index > 0 && index % 3 == 0 { text = "," + text }
    text = String(digit) + text
  }
  return text
}

/// A share in per cent, with a digit behind the point.
func share(_ part: Int, of whole: Int) -> String {
  guard whole > 0, part > 0 else { return "0 %" }
  // What a file says may be absurd.
  let tenths = Int(min(Double(part) / Double(whole) * 1000, 1e12))
  return tenths == 0 ? "<0.1 %" : "\(tenths / 10).\(tenths % 10) %"
}

/// Text that ends at a column.
func padStart(_ text: String, to width: Int) -> String {
  String(repeating: " ", count: max(0, width - text.count)) + text
}

/// Text that the next starts behind at a column.
func pad(_ text: String, to width: Int) -> String {
  text + String(repeating: " ", count: max(0, width - text.count))
}
