import GeneratorKit

/// The summary of a trace, as lines.
struct TraceText {
  private let summary: TraceSummary
  private let isComplete: Bool

  /// Files that are shown unless all are.
  private static let fileLimit = 30

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
    let files = summary.files
    if let count = start.fileCount, let size = start.fileSize {
      let touched = summary.touchedFileSize
      lines.append(
        "touched: \(grouped(files.count)) of \(grouped(count)) files (\(share(files.count, of: count))), "
          + "\(Size.describe(touched)) of \(Size.describe(size)) (\(share(touched, of: size)))"
      )
    }
    if !files.isEmpty { lines += table(files, title: "file") }
    let structures = summary.structures
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
      let rest = subjects[count...]
      let size = rest.reduce(0) { $0.addingSaturated($1.size) }
      let blank = ["", "", "", ""]
      lines.append(
        line([Size.describe(size)] + blank, "\(grouped(rest.count)) more; --all shows them")
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
    sums.add("read_bytes", summary.size)
    sums.add("files", start.fileCount)
    sums.add("file_bytes", start.fileSize)
    sums.add("touched_files", summary.files.count)
    sums.add("touched_file_bytes", summary.touchedFileSize)
    return [sums.text]
      + (summary.files + summary.structures).map { subject in
        var object = JSONObject()
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
