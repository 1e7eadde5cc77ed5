/// What a trace tells of all reads together.
struct TraceSummary {
  private(set) var start = TraceStart(started: "", disk: "")
  private(set) var connectionCount = 0
  private(set) var droppedCount = 0
  private(set) var requestCount = 0
  /// Bytes that were read, some of them several times.
  private(set) var size = 0
  /// The times of the first and the last read, in microseconds.
  private(set) var begin = Int.max
  private(set) var end = 0
  /// Whether the last line is not complete, and left out.
  private(set) var isCut = false

  /// What was read, in the order of the first reads.
  private(set) var subjects: [Subject] = []

  /// The exports that clients used, if it is a trace of several, in that order.
  private(set) var exports: [TraceExport] = []

  /// By names, as bytes.
  private var exportIndices: [[UInt8]: Int] = [:]
  private var indices: [Subject.Key: Int] = [:]
  private var pathSize = 0
  private var rangeCount = 0
  private var lastRequest = -1

  /// A file, or all structures of a kind.
  struct Subject {
    var key: Key
    var category: MapCategory
    /// Size of the file.
    var fileSize: Int?
    var readCount = 0
    /// Bytes that were read, some of them several times.
    var size = 0
    /// Times of the first and last read, in microseconds.
    var first: Int
    var last: Int
    fileprivate var coverage = Coverage()
    /// Different bytes that were read.
    var touchedSize = 0
    fileprivate var lastRequest = -1

    /// What tells one from the others.
    struct Key: Hashable {
      /// Which of the exports it is of.
      var export: Int?
      var kind: String
      /// The path of a file; `nil` for structures.
      ///
      /// Bytes, for texts are equal that Unicode calls equivalent, and files are not.
      var path: [UInt8]?
      var pathDigits: String?
    }

    var isFile: Bool { key.path != nil }
  }

  /// The most that is kept of a trace, however long.
  private enum Limit {
    static let subjects = 1_000_000
    static let pathSize = 256 << 20
    static let ranges = 4_000_000
  }

  /// Reads a trace.
  ///
  /// - Throws: ``UserError`` with the line that is wrong.
  init(_ path: String) throws {
    var isCut = false
    try Self.forEachEvent(in: path, isCut: &isCut) { event throws(TraceProblem) in
      switch event {
      case .start(let start): self.start = start
      case .export(let export): exports[try index(ofExport: export.name)] = export
      case .connect: connectionCount += 1
      case .dropped(let count): droppedCount = droppedCount.addingSaturated(count)
      case .read(let read): try add(read)
      case .other: break
      }
    }
    self.isCut = isCut
    for index in subjects.indices {
      subjects[index].touchedSize = subjects[index].coverage.size()
      subjects[index].coverage = Coverage()
    }
    indices = [:]
  }

  /// Visits the events of a trace.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - isCut: Becomes `true` if the last line is not complete, and left out.
  ///   - body: Receives each event, the start first.
  /// - Throws: ``UserError`` with the line that is wrong.
  static func forEachEvent(
    in path: String,
    isCut: inout Bool,
    _ body: (TraceEvent) throws(TraceProblem) -> Void
  ) throws {
    var lines = try TraceLines(path)
    while let line = try lines.next() {
      do throws(TraceProblem) {
        let event = try TraceEvent(line)
        if lines.number == 1 {
          guard case .start = event else { throw TraceProblem(text: "not the start of a trace") }
        }
        try body(event)
      } catch {
        if lines.isCut && lines.number > 1 {
          isCut = true
          return
        }
        throw UserError(host: "trace: \(path): line \(lines.number): \(error.text)")
      }
    }
    guard lines.number > 1 else {
      throw UserError(host: "trace: \(path): empty; nbdgen --trace writes traces")
    }
  }

  /// What a read is counted for.
  func key(of read: TraceRead) -> Subject.Key {
    let isFile = read.kind == "file"
    return Subject.Key(
      export: read.export.flatMap { exportIndices[Array($0.utf8)] },
      kind: read.kind,
      path: isFile ? read.path.map { Array($0.utf8) } : nil,
      pathDigits: isFile ? read.pathDigits : nil
    )
  }

  private mutating func add(_ read: TraceRead) throws(TraceProblem) {
    if let name = read.export { _ = try index(ofExport: name) }
    let key = key(of: read)
    let index = try index(of: key, read)
    if read.request != lastRequest { requestCount += 1 }
    lastRequest = read.request
    size = size.addingSaturated(read.range.count)
    begin = min(begin, read.time)
    end = max(end, read.time)
    if read.request != subjects[index].lastRequest { subjects[index].readCount += 1 }
    subjects[index].lastRequest = read.request
    subjects[index].size = subjects[index].size.addingSaturated(read.range.count)
    subjects[index].first = min(subjects[index].first, read.time)
    subjects[index].last = max(subjects[index].last, read.time)
    let start = key.path == nil ? read.range.lowerBound : read.fileOffset ?? read.range.lowerBound
    rangeCount -= subjects[index].coverage.rangeCount
    subjects[index].coverage.add(start..<start + read.range.count)
    rangeCount += subjects[index].coverage.rangeCount
    guard rangeCount <= Limit.ranges else {
      throw TraceProblem(text: "the reads are scattered over more than \(Limit.ranges) places")
    }
  }

  private mutating func index(ofExport name: String) throws(TraceProblem) -> Int {
    let bytes = Array(name.utf8)
    if let index = exportIndices[bytes] { return index }
    pathSize += bytes.count
    guard exports.count < Limit.subjects, pathSize <= Limit.pathSize else {
      throw TraceProblem(text: "more than \(Limit.subjects) different exports")
    }
    exportIndices[bytes] = exports.count
    exports.append(TraceExport(name: name))
    return exports.count - 1
  }

  private mutating func index(
    of key: Subject.Key,
    _ read: TraceRead
  ) throws(TraceProblem) -> Int {
    if let index = indices[key] { return index }
    pathSize +=
      (key.path?.count ?? 0) + (key.pathDigits?.utf8.count ?? 0)
      + key.kind.utf8.count
    guard subjects.count < Limit.subjects, pathSize <= Limit.pathSize else {
      throw TraceProblem(text: "more than \(Limit.subjects) different files")
    }
    indices[key] = subjects.count
    subjects.append(
      Subject(
        key: key,
        category: MapCategory(role: read.role, kind: read.kind),
        fileSize: key.path == nil ? nil : read.fileSize,
        first: read.time,
        last: read.time
      )
    )
    return subjects.count - 1
  }

  /// How long reading went on, in microseconds.
  var duration: Int { max(0, end - min(begin, end)) }

  /// How many files there are, and their bytes; `nil` if no disk has such.
  var tree: (count: Int, size: Int)? {
    let trees =
      [(start.fileCount, start.fileSize)] + exports.map { ($0.fileCount, $0.fileSize) }
    return trees.reduce(nil) { sum, tree in
      guard let count = tree.0, let size = tree.1 else { return sum }
      return ((sum?.count ?? 0).addingSaturated(count), (sum?.size ?? 0).addingSaturated(size))
    }
  }

  /// What a subject is called among those of all exports.
  func name(of subject: Subject) -> String {
    guard let index = subject.key.export else { return subject.name }
    return "\(printable(exports[index].name)): \(subject.name)"
  }
}
