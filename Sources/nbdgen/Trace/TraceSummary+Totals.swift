extension [TraceSummary.Subject] {
  /// The files, those of which most was read first.
  var files: [Element] { filter(\.isFile).sorted { $0.size > $1.size } }

  /// The structures, those of which most was read first.
  var structures: [Element] { filter { !$0.isFile }.sorted { $0.size > $1.size } }

  /// Bytes that were read, some of them several times.
  var size: Int { reduce(0) { $0.addingSaturated($1.size) } }

  /// Different bytes of files that were read.
  var touchedFileSize: Int { reduce(0) { $0.addingSaturated($1.isFile ? $1.touchedSize : 0) } }
}

extension TraceSummary {
  /// What was read of one of several exports.
  struct Part {
    var export: TraceExport
    var subjects: [Subject]
  }

  /// What was read of each of several exports, that of which most was read first.
  var parts: [Part] {
    let subjects = Dictionary(grouping: subjects, by: \.key.export)
    let parts = exports.enumerated().map { index, export in
      Part(export: export, subjects: subjects[index] ?? [])
    }
    let sizes = parts.map(\.subjects.size)
    return parts.indices.sorted { (sizes[$0], $1) > (sizes[$1], $0) }.map { parts[$0] }
  }
}
