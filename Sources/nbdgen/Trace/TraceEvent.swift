import FileTree

/// A line of a trace, as it is read again.
enum TraceEvent {
  case start(TraceStart)
  case export(TraceExport)
  case read(TraceRead)
  case connect
  case dropped(Int)
  /// Nothing that a summary tells of, such as the end.
  case other

  /// Takes a line apart.
  ///
  /// - Throws: ``TraceProblem`` if the line is none of a trace.
  init(_ line: [UInt8]) throws(TraceProblem) {
    let value: JSONValue
    do throws(JSONValue.Failure) {
      value = try JSONValue(line)
    } catch {
      throw TraceProblem(text: "not JSON: \(error.problem), at byte \(error.offset)")
    }
    guard let name = value["event"]?.string else {
      throw TraceProblem(text: "an object with an \"event\" is expected")
    }
    switch name {
    case "export": self = .export(try TraceExport(value))
    case "start":
      guard value["format"]?.number == TraceWriter.formatNumber else {
        throw TraceProblem(text: "a trace of a form that this nbdgen does not know")
      }
      self = .start(
        TraceStart(
          started: value["started"]?.string ?? "",
          disk: value["disk"]?.string ?? "",
          fileCount: value["files"]?.number,
          fileSize: value["file_bytes"]?.number
        )
      )
    case "read": self = .read(try TraceRead(value))
    case "connect": self = .connect
    case "dropped": self = .dropped(try value.count("reads"))
    default: self = .other
    }
  }
}

/// What the first line of a trace tells.
struct TraceStart {
  var started: String
  var disk: String
  var fileCount: Int?
  var fileSize: Int?
}

/// What a trace of several disks tells of one.
struct TraceExport {
  /// The name of its export.
  var name: String
  var disk: String
  var fileCount: Int?
  var fileSize: Int?

  init(name: String, disk: String = "") {
    self.name = name
    self.disk = disk
  }

  fileprivate init(_ value: JSONValue) throws(TraceProblem) {
    guard let name = value["export"]?.string else {
      throw TraceProblem(text: "an export without its name, \"export\"")
    }
    self.init(name: name, disk: value["disk"]?.string ?? "")
    fileCount = value["files"]?.number
    fileSize = value["file_bytes"]?.number
  }
}

/// A part of a read that belongs to one owner.
struct TraceRead {
  /// Since the trace began, in microseconds.
  var time: Int
  /// The name of the export, if there are several.
  var export: String?
  var request: Int
  /// The bytes of the disk.
  var range: Range<Int>
  var kind: String
  var role: String
  var path: String?
  /// Tells paths apart that are not UTF-8.
  var pathDigits: String?
  var fileOffset: Int?
  var fileSize: Int?

  fileprivate init(_ value: JSONValue) throws(TraceProblem) {
    time = try value.count("time_us")
    export = value["export"]?.string
    request = try value.count("request")
    let (offset, size) = (try value.count("offset"), try value.count("size"))
    let (end, overflow) = offset.addingReportingOverflow(size)
    guard !overflow else { throw TraceProblem(text: "\"size\" leads behind any disk") }
    range = offset..<end
    guard let kind = value["kind"]?.string else {
      throw TraceProblem(text: "a read without \"kind\"")
    }
    self.kind = kind
    role = value["role"]?.string ?? ""
    path = value["path"]?.string
    pathDigits = value["path_hex"]?.string
    fileOffset = value["file_offset"] == nil ? nil : try value.count("file_offset")
    fileSize = value["file_size"] == nil ? nil : try value.count("file_size")
    if let fileOffset, fileOffset.addingReportingOverflow(size).overflow {
      throw TraceProblem(text: "\"file_offset\" leads behind any file")
    }
  }
}

/// What is wrong with a line of a trace.
struct TraceProblem: Error, Equatable {
  var text: String
}

extension JSONValue {
  /// A member that is a whole number and not negative.
  fileprivate func count(_ name: String) throws(TraceProblem) -> Int {
    guard let number = self[name]?.number, number >= 0 else {
      throw TraceProblem(text: "\"\(name)\" should be a whole number from 0 on")
    }
    return number
  }
}
