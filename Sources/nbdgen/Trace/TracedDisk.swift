import DiskModel
import GeneratorKit
import NBDServer
import Synchronization

/// A disk whose reads are traced.
final class TracedDisk: Sendable {
  /// The name of its export; `nil` if it is the only disk.
  let export: String?

  private let state = Mutex(State())

  private struct State {
    /// `nil` until it is built.
    var generated: GeneratedDisk?
    var map: (any DiskMap)?
    var isIntroduced = false
  }

  init(export: String? = nil, _ generated: GeneratedDisk? = nil) {
    self.export = export
    if let generated { set(generated) }
  }

  /// Takes the disk when it is built.
  func set(_ generated: GeneratedDisk) {
    state.withLock { $0 = State(generated: generated) }
  }

  /// What lies where, if it is the same for all clients; made when it is first asked for.
  var map: (any DiskMap)? {
    state.withLock { state in
      if state.map == nil {
        state.map = state.generated?.map
        state.generated?.makeMap = nil
      }
      return state.map
    }
  }

  /// Whether this is the first time that somebody wants to tell of it.
  func introduce() -> Bool {
    state.withLock { state in
      defer { state.isIntroduced = true }
      return !state.isIntroduced
    }
  }

  /// Adds what it is to a line.
  func describe(in line: inout JSONObject) {
    let map = map
    line.add("disk", state.withLock { $0.generated?.summary })
    line.add("size", map?.size)
    let files = map?.files
    line.add("files", files?.count)
    line.add("file_bytes", files?.size)
  }
}

/// Tells a recorder what clients read of one disk.
final class TraceObserver: ReadObserver {
  private let recorder: TraceRecorder
  private let traced: TracedDisk

  init(_ traced: TracedDisk, _ recorder: TraceRecorder) {
    self.traced = traced
    self.recorder = recorder
  }

  func begin(client: ClientAddress, disk: Disk) -> Int {
    recorder.begin(client: client, disk: disk, of: traced)
  }

  func note(_ range: Range<Int>, connection: Int) {
    recorder.note(range, connection: connection)
  }

  func end(connection: Int) { recorder.end(connection: connection) }
}
