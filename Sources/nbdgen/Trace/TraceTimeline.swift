import GeneratorKit

/// A trace as a picture: who was read when.
///
/// The columns are moments, the rows are files and structures in the order in which they
/// were first read. The trace is read once more for it, so that nothing has to be kept of
/// its reads but what is drawn.
struct TraceTimeline {
  private let summary: TraceSummary
  private var lanes: [Lane] = []
  private var laneIndices: [TraceSummary.Subject.Key: Int] = [:]
  /// Bytes that were read in each column, by category.
  private var columns = [CategorySizes](repeating: CategorySizes(), count: columnCount)

  private struct Lane {
    var name: String
    var size: Int
    var category: MapCategory
    /// Bytes in each column.
    var columns = [Int](repeating: 0, count: columnCount)
  }

  private static let columnCount = 400
  private static let laneLimit = 44
  private static let columnWidth = 2.0
  private static let left = 330.0
  private static let top = 176.0
  private static let lanePitch = 17.0
  private static let chartHeight = 84.0

  init(_ summary: TraceSummary, of path: String) throws {
    self.summary = summary
    chooseLanes()
    var isCut = false
    var (lanes, columns) = (lanes, columns)
    try TraceSummary.forEachEvent(in: path, isCut: &isCut) { event throws(TraceProblem) in
      guard case .read(let read) = event else { return }
      let column = column(at: read.time)
      let lane = laneIndices[summary.key(of: read)] ?? lanes.count - 1
      let count = read.range.count
      lanes[lane].columns[column] = lanes[lane].columns[column].addingSaturated(count)
      let category = MapCategory(role: read.role, kind: read.kind)
      columns[column][category] = columns[column][category].addingSaturated(count)
    }
    self.lanes = lanes
    self.columns = columns
  }

  /// Gives lanes to those of which most was read, and one to all others.
  private mutating func chooseLanes() {
    let largest = summary.subjects.indices
      .sorted { summary.subjects[$0].size > summary.subjects[$1].size }
      .prefix(Self.laneLimit)
    for index in largest.sorted() {
      let subject = summary.subjects[index]
      laneIndices[subject.key] = lanes.count
      let name = summary.name(of: subject)
      lanes.append(Lane(name: name, size: subject.size, category: subject.category))
    }
    let rest = summary.subjects.count - lanes.count
    let size = lanes.reduce(summary.size) { $0 - min($0, $1.size) }
    lanes.append(Lane(name: "\(grouped(max(0, rest))) others", size: size, category: .file))
  }

  private func column(at time: Int) -> Int {
    guard summary.duration > 0 else { return 0 }
    let share = Double(time - summary.begin) / Double(summary.duration)
    return min(Self.columnCount - 1, Int(share * Double(Self.columnCount)))
  }

  private var width: Double { Double(Self.columnCount) * Self.columnWidth }

  /// The lanes in which there is anything.
  private var shownLanes: [Lane] { lanes.filter { $0.columns.contains { $0 > 0 } } }

  /// The file.
  var text: String {
    var svg = SVG()
    let disk = printable(summary.start.disk)
    svg.text(16, 30, "What was read, and when", size: 20, isBold: true)
    var facts =
      "\(disk): \(Size.describe(summary.size)) in \(grouped(summary.requestCount)) reads "
      + "within \(seconds(summary.duration))"
    if let (count, size) = summary.tree {
      let subjects = summary.subjects
      facts +=
        "; touched \(grouped(subjects.count(where: \.isFile))) of \(grouped(count)) files, "
        + "\(share(subjects.touchedFileSize, of: size)) of their bytes"
    }
    svg.text(16, 52, facts, size: 13, color: "#495057")
    if summary.droppedCount > 0 {
      let text =
        "\(grouped(summary.droppedCount)) reads came too fast to be recorded, and are missing."
      svg.text(16, 70, text, size: 13, color: "#c92a2a")
    }
    drawChart(&svg)
    let lanes = shownLanes
    let bottom = Self.top + Double(lanes.count) * Self.lanePitch
    drawTimes(&svg, bottom: bottom)
    for (index, lane) in lanes.enumerated() {
      draw(lane, at: Self.top + Double(index) * Self.lanePitch, isOdd: index % 2 == 1, &svg)
    }
    drawLegend(&svg, y: bottom + 44)
    return svg.document(
      width: Self.left + width + 110,
      height: bottom + 70,
      title: "What was read of \(disk), and when"
    )
  }

  /// Draws how much was read in each moment.
  private func drawChart(_ svg: inout SVG) {
    let base = Self.top - 14
    let most =
      columns.map { column in
        MapCategory.allCases.reduce(0) { $0.addingSaturated(column[$1]) }
      }.max() ?? 0
    guard most > 0 else { return }
    svg.text(
      Self.left - 10,
      base - Self.chartHeight + 10,
      "\(Size.describe(most)) in \(seconds(max(1, summary.duration / Self.columnCount)))",
      size: 11,
      color: "#868e96",
      anchor: .end
    )
    svg.text(Self.left - 10, base, "bytes read", size: 11, color: "#868e96", anchor: .end)
    for (index, column) in columns.enumerated() {
      var y = base
      for category in MapCategory.allCases where column[category] > 0 {
        let height = max(0.5, Double(column[category]) / Double(most) * Self.chartHeight)
        y -= height
        let x = Self.left + Double(index) * Self.columnWidth
        svg.rectangle(x, y, Self.columnWidth, height, fill: category.pictureColor)
      }
    }
    svg.line(Self.left, base, to: Self.left + width, base, color: "#adb5bd")
  }

  /// Draws an axis with round times.
  private func drawTimes(_ svg: inout SVG, bottom: Double) {
    let end = Double(summary.duration) / 1_000_000
    guard end > 0 else { return }
    var step = 0.001
    for factor in [2, 2.5, 2].cycled(60) where end / step > 9 { step *= factor }
    var time = 0.0
    while time <= end {
      let x = Self.left + time / end * width
      svg.line(x, Self.top - 14 - Self.chartHeight, to: x, bottom, color: "#dee2e6", dash: "2,3")
      let text = time == time.rounded() ? "\(Int(time)) s" : "\((time * 1000).rounded() / 1000) s"
      svg.text(x, bottom + 16, text, size: 11, color: "#495057", anchor: .middle)
      time += step
    }
  }

  private func draw(_ lane: Lane, at y: Double, isOdd: Bool, _ svg: inout SVG) {
    let height = Self.lanePitch
    if isOdd { svg.rectangle(16, y, Self.left + width + 78, height, fill: "#f8f9fa") }
    if let name = SVG.fitting(lane.name, Self.left - 34, size: 12) {
      svg.text(Self.left - 10, y + 12.5, name, anchor: .end)
    }
    svg.text(
      Self.left + width + 90,
      y + 12.5,
      Size.describe(lane.size),
      size: 11,
      color: "#495057",
      anchor: .end
    )
    var index = 0
    while index < lane.columns.count {
      guard lane.columns[index] > 0 else {
        index += 1
        continue
      }
      let first = index
      var size = 0
      while index < lane.columns.count, lane.columns[index] > 0 {
        size = size.addingSaturated(lane.columns[index])
        index += 1
      }
      func time(_ column: Int) -> String {
        let share = Double(column) / Double(Self.columnCount)
        return seconds(Int(min(share * Double(summary.duration), 1e18)))
      }
      svg.rectangle(
        Self.left + Double(first) * Self.columnWidth,
        y + 3,
        max(3, Double(index - first) * Self.columnWidth),
        height - 6,
        fill: lane.category.pictureColor,
        tip: "\(lane.name)\n\(Size.describe(size)) from \(time(first)) to \(time(index))"
      )
    }
  }

  private func drawLegend(_ svg: inout SVG, y: Double) {
    var x = Self.left
    let present = Set(shownLanes.map(\.category))
    for category in MapCategory.allCases where present.contains(category) {
      svg.rectangle(x, y - 10, 12, 12, fill: category.pictureColor)
      svg.text(x + 18, y, category.title, size: 12)
      x += 34 + Double(category.title.count) * 12 * SVG.characterWidth
    }
    svg.text(16, y, "Rows in the order of their first read;", size: 11, color: "#868e96")
    svg.text(16, y + 14, "on the right what was read in all.", size: 11, color: "#868e96")
  }
}

extension Array {
  /// The elements over and over, so many in all.
  fileprivate func cycled(_ count: Int) -> [Element] { (0..<count).map { self[$0 % self.count] } }
}
