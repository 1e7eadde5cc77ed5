import DiskModel
import GeneratorKit
import NBDServer
import SystemPackage

/// Turns events into lines of a trace.
///
/// Every line is an object of JSON with an "event": "start" comes first and tells what
/// is served, "export" tells what one of several disks is, "read" is a part of a read that
/// belongs to one owner.
struct TraceWriter {
  private let file: FileDescriptor
  private let path: String

  /// What each client reads.
  private var connections: [Int: (export: String?, map: any DiskMap)] = [:]

  private var buffer: [UInt8] = []
  private var requestCount = 0
  private var droppedCount = 0
  private var isFailed = false

  /// The form of traces, which their first line tells.
  static let formatNumber = 1

  /// Writes the first line.
  ///
  /// - Parameters:
  ///   - file: Where lines are written; it is closed at the end.
  ///   - path: Where that is, for errors.
  ///   - describe: Adds what is served.
  init(_ file: FileDescriptor, path: String, describe: (inout JSONObject) -> Void) {
    self.file = file
    self.path = path
    var start = JSONObject()
    start.add("event", "start")
    start.add("format", Self.formatNumber)
    start.add("program", "nbdgen \(Nbdgen.version)")
    start.add("started", HostClock.timestamp)
    describe(&start)
    add(start)
    flush()
  }

  mutating func write(_ events: [TraceRecorder.Event]) {
    for event in events where !isFailed { write(event) }
    flush()
  }

  private mutating func write(_ event: TraceRecorder.Event) {
    func line(_ name: String) -> JSONObject {
      var object = JSONObject()
      object.add("event", name)
      object.add("time_us", event.time.microseconds)
      object.add("connection", event.connection)
      object.add("export", connections[event.connection]?.export)
      return object
    }
    switch event.what {
    case .connect(let client, let disk, let traced):
      if traced.export != nil, traced.introduce() { introduce(traced, at: event.time) }
      connections[event.connection] = (traced.export, traced.map ?? SegmentMap(disk))
      var object = line("connect")
      object.add("client", client)
      add(object)
    case .disconnect:
      add(line("disconnect"))
      connections[event.connection] = nil
    case .read(let range):
      requestCount += 1
      guard let map = connections[event.connection]?.map else { return }
      // A read of a disk of countless tiny pieces would fill the host's disk.
      var pieces: [MapPiece] = []
      _ = map.visit(range) { piece in
        pieces.append(piece)
        return pieces.count < Self.partLimit
      }
      if let end = pieces.last?.range.upperBound, end < range.upperBound {
        pieces.append(MapPiece(end..<range.upperBound, Owner(.other, nil)))
      }
      for piece in pieces {
        var object = line("read")
        object.add("request", requestCount)
        object.add(piece)
        add(object)
      }
    }
  }

  /// Tells what one of several disks is, before anything else of it.
  private mutating func introduce(_ traced: TracedDisk, at time: Duration) {
    var object = JSONObject()
    object.add("event", "export")
    object.add("time_us", time.microseconds)
    object.add("export", traced.export)
    traced.describe(in: &object)
    add(object)
  }

  /// Parts of one read that are told, at most, before the rest is one.
  private static let partLimit = 4096

  /// Tells that reads are missing.
  mutating func write(droppedCount count: Int, at time: Duration) {
    droppedCount += count
    var object = JSONObject()
    object.add("event", "dropped")
    object.add("time_us", time.microseconds)
    object.add("reads", count)
    add(object)
    flush()
  }

  /// Ends the file.
  mutating func finish(at time: Duration) {
    var object = JSONObject()
    object.add("event", "end")
    object.add("time_us", time.microseconds)
    object.add("reads", requestCount)
    object.add("dropped", droppedCount)
    add(object)
    flush()
    try? file.close()
  }

  private mutating func add(_ object: JSONObject) {
    buffer += object.text.utf8
    buffer.append(10)
    if buffer.count >= 1 << 16 { flush() }
  }

  private mutating func flush() {
    defer { buffer.removeAll(keepingCapacity: true) }
    guard !isFailed, !buffer.isEmpty else { return }
    do {
      _ = try file.writeAll(buffer)
    } catch {
      isFailed = true
      let cause = (error as? Errno)?.description ?? "\(error)"
      StandardError.print("nbdgen: error: --trace \(path): \(cause); the trace ends here")
    }
  }
}

extension Duration {
  /// Whole microseconds.
  var microseconds: Int {
    Int(components.seconds) * 1_000_000 + Int(components.attoseconds / 1_000_000_000_000)
  }
}

extension Owner.Kind {
  /// The rest of a read that has too many parts.
  fileprivate static let other = Owner.Kind(rawValue: "other")
}
