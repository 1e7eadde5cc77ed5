import DiskModel
import GeneratorKit

/// A map as a picture: the disk as a ribbon in rows, with a legend.
///
/// Widths are to scale, except that long free parts are shortened until they take a third
/// of the ribbon at most, and that small parts of a disk of few are wide enough to be
/// seen.
struct MapPicture {
  private let disk: MappedDisk
  private let survey: MapSurvey
  /// Bytes that a free piece is shown by at most.
  private let freeLimit: Int
  /// Bytes that other pieces are shown by at least.
  private var leastLength = 0.0
  /// Bytes that are shown in all.
  private var length = 0.0
  private let rowCount: Int

  private static let left = 96.0
  private static let rowWidth = 1084.0
  private static let rowHeight = 34.0
  private static let rowPitch = 44.0
  private static let top = 84.0
  /// Narrower pieces are drawn together with their neighbours, in pixels.
  private static let leastWidth = 4.0
  /// Disks of more pieces are to scale.
  private static let fewPieces = 600

  init(_ disk: MappedDisk) {
    self.disk = disk
    survey = MapSurvey(disk.map, cellCount: 1, limit: 0)
    freeLimit = Self.freeLimit(survey)
    let count = survey.pieceCount - survey.slackCount
    rowCount = min(max(count / 5, 2), 18)
    length = shownLength()
    if survey.pieceCount <= Self.fewPieces {
      // Wide enough for a name, if there are so few that there is room for that.
      let pixels = Double(rowCount) * Self.rowWidth
      let least = min(max(pixels / 2.2 / Double(max(1, count)), 5), 78)
      // What is added makes everything else smaller.
      leastLength = length * least / (pixels - min(Double(count) * least, pixels / 2))
      length = shownLength()
    }
  }

  /// How long free pieces may be so that they take half as much room as all others.
  private static func freeLimit(_ survey: MapSurvey) -> Int {
    guard survey.sizes.used > 0 else { return .max }
    for power in (0..<62).reversed() {
      let limit = 1 << power
      var shown = 0.0
      for (index, pieces) in survey.freePieces.enumerated() {
        shown += index < power ? Double(pieces.size) : Double(pieces.count) * Double(limit)
      }
      if shown <= Double(survey.sizes.used) / 2 { return limit }
    }
    return 1
  }

  private func shownLength() -> Double {
    var sum = 0.0
    _ = disk.map.visit(0..<disk.size) { piece in
      sum += length(of: piece)
      return true
    }
    return sum
  }

  private func length(of piece: MapPiece) -> Double {
    if piece.owner.kind == .free { return Double(min(piece.range.count, freeLimit)) }
    if piece.owner.kind == .slack { return Double(piece.range.count) }
    return max(Double(piece.range.count), leastLength)
  }

  /// Pieces that are drawn as one.
  private struct Block {
    var start: Double
    var end: Double
    var first: MapPiece
    var last: MapPiece
    var pieceCount = 1
    var sizes = CategorySizes()
  }

  /// The file.
  var text: String {
    var svg = SVG()
    let exactly = disk.size < 1024 ? "" : ", \(grouped(disk.size)) bytes"
    let size = Size.describe(disk.size) + exactly
    svg.text(16, 30, disk.title, size: 20, isBold: true)
    svg.text(
      16,
      52,
      "\(size). The disk from its first byte to its last, in rows "
        + "like text; point at a block to see what it is.",
      size: 13,
      color: "#495057"
    )
    var isShortened = false
    var position = 0.0
    var block: Block?
    let scale = length > 0 ? Double(rowCount) * Self.rowWidth / length : 0
    func flush() {
      if let block { draw(block, &svg) }
      block = nil
    }
    _ = disk.map.visit(0..<disk.size) { piece in
      let start = position
      position += length(of: piece) * scale
      if piece.range.count > freeLimit && piece.owner.kind == .free { isShortened = true }
      let category = MapCategory(piece.owner)
      let isSmall = position - start < Self.leastWidth && survey.pieceCount > Self.fewPieces
      if var open = block, isSmall, open.end - open.start < Self.leastWidth {
        open.end = position
        open.last = piece
        open.pieceCount += 1
        open.sizes[category] += piece.range.count
        block = open
      } else {
        flush()
        var open = Block(start: start, end: position, first: piece, last: piece)
        open.sizes[category] = piece.range.count
        block = open
      }
      return true
    }
    flush()
    drawLegend(&svg, isShortened: isShortened)
    return svg.document(
      width: Self.left + Self.rowWidth + 20,
      height: bottom + 40 + 24 * Double(survey.sizes.present.count),
      title: "\(disk.title), \(size)"
    )
  }

  private var bottom: Double { Self.top + Double(rowCount) * Self.rowPitch }

  /// Draws a block, in as many rows as it reaches over.
  private func draw(_ block: Block, _ svg: inout SVG) {
    let width = Self.rowWidth
    let bytes = block.last.range.upperBound - block.first.range.lowerBound
    let isShort = block.first.owner.kind == .free && bytes > freeLimit
    let tip = self.tip(of: block, bytes: bytes)
    var labelled = false
    for row in Int(block.start / width)...max(Int(block.start / width), Int(block.end / width)) {
      let rowStart = Double(row) * width
      let start = max(block.start, rowStart)
      let end = min(block.end, rowStart + width)
      guard row < rowCount, end - start > 0.01 else { continue }
      let x = Self.left + start - rowStart
      let y = Self.top + Double(row) * Self.rowPitch
      // A gap shows where one piece ends and the next begins.
      let shown = max(0.8, end - start - (end - start > 2 * Self.leastWidth ? 1 : 0))
      drawShares(block, x, y, shown, tip, &svg)
      if isShort { drawTear(x, y, shown, &svg) }
      if start == rowStart {
        let part = (start - block.start) / (block.end - block.start)
        let offset = block.first.range.lowerBound + Int(part * Double(bytes))
        let label = row == 0 ? "0" : isShort && part > 0 ? "…" : Size.describe(offset)
        svg.text(Self.left - 8, y + 22, label, size: 11, color: "#868e96", anchor: .end)
      }
      guard !labelled || end - start > 300 else { continue }
      if drawLabel(block, bytes, x, y, shown, &svg) { labelled = true }
    }
  }

  /// Fills a block with the colours of what is in it, by their shares.
  private func drawShares(
    _ block: Block,
    _ x: Double,
    _ y: Double,
    _ width: Double,
    _ tip: String,
    _ svg: inout SVG
  ) {
    let categories = block.sizes.present
    let total = categories.reduce(0) { $0 + block.sizes[$1] }
    var top = y
    for category in categories.reversed() {
      let height = Self.rowHeight * Double(block.sizes[category]) / Double(max(1, total))
      svg.rectangle(x, top, width, height, fill: category.pictureColor, tip: tip)
      top += height
    }
  }

  /// Shows that something is shorter than it would be.
  private func drawTear(_ x: Double, _ y: Double, _ width: Double, _ svg: inout SVG) {
    let middle = x + width - min(10, width / 2)
    for offset in [-3.0, 3.0] {
      svg.line(
        middle + offset - 4,
        y + Self.rowHeight,
        to: middle + offset + 4,
        y,
        color: "#868e96"
      )
    }
  }

  private func drawLabel(
    _ block: Block,
    _ bytes: Int,
    _ x: Double,
    _ y: Double,
    _ width: Double,
    _ svg: inout SVG
  ) -> Bool {
    let owner = block.first.owner
    var label = owner.kind.rawValue
    if block.pieceCount == 1 {
      if owner.kind == .file || owner.kind == .directory, let path = owner.path {
        label = printable(path)
      }
    } else {
      label = "\(grouped(block.pieceCount)) pieces"
    }
    if label.hasPrefix("/") && Double(label.count) * 11 * SVG.characterWidth > width - 8,
      let slash = label.dropLast().lastIndex(of: "/")
    {
      label = String(label[label.index(after: slash)...])
    }
    let isLight = block.sizes.dominant == .free || block.sizes.dominant == .directory
    let color = isLight ? "#343a40" : "#ffffff"
    let words = label.split(separator: " ", maxSplits: 1).map(String.init)
    for size in [11.0, 10, 9] {
      func fits(_ text: String) -> Bool { SVG.fitting(text, width - 7, size: size) == text }
      if words.count == 2, !fits(label), words.allSatisfy(fits) {
        svg.text(x + 4, y + 15, words[0], size: size, color: color)
        svg.text(x + 4, y + 28, words[1], size: size, color: color)
        return true
      }
      guard fits(label) else { continue }
      svg.text(x + 4, y + 15, label, size: size, color: color)
      return drawSize(bytes, x, y, width, color, &svg)
    }
    guard let text = SVG.fitting(label, width - 7, size: 10), text.count > 8 else { return false }
    svg.text(x + 4, y + 15, text, size: 10, color: color)
    return drawSize(bytes, x, y, width, color, &svg)
  }

  private func drawSize(
    _ bytes: Int,
    _ x: Double,
    _ y: Double,
    _ width: Double,
    _ color: String,
    _ svg: inout SVG
  ) -> Bool {
    if let size = SVG.fitting(Size.describe(bytes), width - 8, size: 10), !size.contains("…") {
      svg.text(x + 4, y + 28, size, size: 10, color: color)
    }
    return true
  }

  private func tip(of block: Block, bytes: Int) -> String {
    let start = block.first.range.lowerBound
    let place = "\(Size.describe(bytes)) at \(grouped(start)) (sector \(grouped(start / 512)))"
    if block.pieceCount == 1 { return "\(block.first.owner.description)\n\(place)" }
    return "\(grouped(block.pieceCount)) pieces, from \(block.first.owner.description) "
      + "to \(block.last.owner.description)\n\(place)"
  }

  private func drawLegend(_ svg: inout SVG, isShortened: Bool) {
    var y = bottom + 16
    for category in survey.sizes.present {
      let size = survey.sizes[category]
      svg.rectangle(Self.left, y - 12, 16, 16, fill: category.pictureColor)
      svg.text(Self.left + 26, y + 1, category.title, size: 13)
      svg.text(Self.left + 400, y + 1, Size.describe(size), size: 13, anchor: .end)
      svg.text(Self.left + 470, y + 1, share(size, of: disk.size), size: 13, anchor: .end)
      y += 24
    }
    let x = Self.left + 540
    var notes: [String] = []
    if isShortened { notes.append("Free parts with two strokes are longer than drawn.") }
    if leastLength > 0 {
      notes.append("Small parts are drawn wide enough to be seen; the others are to scale.")
    } else {
      notes.append("Pieces too small to be seen are drawn together, each colour by its share.")
    }
    for (index, note) in notes.enumerated() {
      svg.text(x, bottom + 17 + 24 * Double(index), note, size: 12, color: "#495057")
    }
  }
}
