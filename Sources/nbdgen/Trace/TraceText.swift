import GeneratorKit

/// The summary of a trace, as lines.
struct TraceText {
  private let summary: TraceSummary
  private let isComplete: Bool

  /// Files that are shown unless all are.
  private static let fileLimit = 30

  /// Exports that are shown unless all are.
  private static let exportLimit = 30

  init(_ summary: TraceSummary, isComplete: Bool) {
    self.summary = summary
    self.isComplete = isComplete
  }

  /// For people.
  var lines: [String] {
    let start = summary.start
    let count = summary.connectionCount
    let connections = count == 1 ? "1 connection" : "\(grouped(count)) connections"
    let name = printable(start.disk)
    let time = seconds(summary.duration)
    var lines = ["\(name), traced from \(printable(start.started)) on for \(time)"]
    lines.append(
      "\(connections) read \(Size.describe(summary.size)) in \(grouped(summary.requestCount)) reads"
    )
    if summary.droppedCount > 0 {
      lines.append(
        "\(grouped(summary.droppedCount)) further reads came too fast to be recorded, and are "
          + "missing below"
      )
    }
    if summary.exports.isEmpty {
      return lines + section(summary.subjects, tree: summary.tree)
    }
    let parts = summary.parts
    let shown = isComplete ? parts[...] : parts.prefix(Self.exportLimit)
    for part in shown { lines += section(part) }
    if shown.count < parts.count {
      lines += ["", "\(grouped(parts.count - shown.count)) more exports; --all shows them"]
    }
    return lines
  }

  /// What was read of one of several exports.
  private func section(_ part: TraceSummary.Part) -> [String] {
    let export = part.export
    let size = Size.describe(part.subjects.size)
    var tree: (count: Int, size: Int)?
    if let count = export.fileCount, let size = export.fileSize { tree = (count, size) }
    return [
      "", "export \"\(printable(export.name))\", \(printable(export.disk)): read \(size)",
    ] + section(part.subjects, tree: tree)
  }

  private func section(
    _ subjects: [TraceSummary.Subject],
    tree: (count: Int, size: Int)?
  ) -> [String] {
    var lines: [String] = []
    let files = subjects.files
    if let (count, size) = tree {
      let touched = subjects.touchedFileSize
      lines.append(
        "touched: \(grouped(files.count)) of \(grouped(count)) files (\(share(files.count, of: count))), "
          + "\(Size.describe(touched)) of \(Size.describe(size)) (\(share(touched, of: size)))"
      )
    }
    if !files.isEmpty { lines += table(files, title: "file") }
    let structures = subjects.structures
    if !structures.isEmpty { lines += table(structures, title: "everything else") }
    return lines
  }

  private func table(_ subjects: [TraceSummary.Subject], title: String) -> [String] {
    let count = isComplete ? subjects.count : min(subjects.count, Self.fileLimit)
    let heads = ["read", "touched", "of it", "first", "last"]
    let widths = [11, 11, 9, 10, 10]
    func line(_ fields: [String], _ name: String) -> String {
      zip(fields, widths).map { padStart($0, to: $1) }.joined() + "  " + name
    }
    var lines = ["", line(heads, title)]
    for subject in subjects.prefix(count) {
      let part = subject.fileSize.map { share(subject.touchedSize, of: $0) } ?? ""
      let fields = [
        Size.describe(subject.size), Size.describe(subject.touchedSize), part,
        seconds(subject.first - summary.begin), seconds(subject.last - summary.begin),
      ]
      lines.append(line(fields, subject.name))
    }
    if count < subjects.count {
      let rest = Array(subjects[count...])
      let blank = ["", "", "", ""]
      lines.append(
        line([Size.describe(rest.size)] + blank, "\(grouped(rest.count)) more; --all shows them")
      )
    }
    return lines
  }

  /// For programs.
  var objects: [String] {
    let start = summary.start
    var sums = JSONObject()
    sums.add("disk", start.disk)
    sums.add("started", start.started)
    sums.add("duration_us", summary.duration)
    sums.add("connections", summary.connectionCount)
    sums.add("reads", summary.requestCount)
    sums.add("dropped", summary.droppedCount)
    sums.add("exports", summary.exports.isEmpty ? nil : summary.exports.count)
    sums.add("read_bytes", summary.size)
    add(summary.subjects, fileCount: summary.tree?.count, fileSize: summary.tree?.size, to: &sums)
    guard !summary.exports.isEmpty else { return [sums.text] + objects(summary.subjects) }
    return [sums.text]
      + summary.parts.flatMap { part in
        let export = part.export
        var object = JSONObject()
        object.add("export", export.name)
        object.add("disk", export.disk)
        object.add("read_bytes", part.subjects.size)
        add(part.subjects, fileCount: export.fileCount, fileSize: export.fileSize, to: &object)
        return [object.text] + objects(part.subjects, of: export.name)
      }
  }

  /// Adds how much of a tree was touched.
  private func add(
    _ subjects: [TraceSummary.Subject],
    fileCount: Int?,
    fileSize: Int?,
    to object: inout JSONObject
  ) {
    object.add("files", fileCount)
    object.add("file_bytes", fileSize)
    object.add("touched_files", subjects.count(where: \.isFile))
    object.add("touched_file_bytes", subjects.touchedFileSize)
  }

  private func objects(_ subjects: [TraceSummary.Subject], of export: String? = nil) -> [String] {
    (subjects.files + subjects.structures).map { subject in
      var object = JSONObject()
      object.add("export", export)
      object.add("kind", subject.key.kind)
      object.add("path", subject.key.path.map { String(decoding: $0, as: UTF8.self) })
      object.add("path_hex", subject.key.pathDigits)
      object.add("reads", subject.readCount)
      object.add("read_bytes", subject.size)
      object.add("touched_bytes", subject.touchedSize)
      object.add("file_size", subject.fileSize)
      object.add("first_us", subject.first)
      object.add("last_us", subject.last)
      return object.text
    }
  }
}

extension TraceSummary.Subject {
  /// What it is, for people.
  var name: String { key.path.map { printable($0) } ?? printable(key.kind) }
}

/// A text from a file, without what a terminal would obey.
func printable(_ text: String) -> String { printable(Array(text.utf8)) }

/// Microseconds as seconds with three digits behind the point.
func seconds(_ microseconds: Int) -> String {
  let thousandths = microseconds / 1000
  let rest = "\(thousandths % 1000)"
  return "\(thousandths / 1000)." + String(repeating: "0", count: 3 - rest.count) + rest + " s"
}
