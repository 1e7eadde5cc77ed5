import DiskModel
import Dispatch
import GeneratorKit
import NBDServer
import Synchronization
import SystemPackage

/// Writes down what clients read, and whose it was.
///
/// Threads of the server only put what happens into a buffer, which has room for so many
/// events; one thread joins them with the disk's map and writes them. What there is no
/// room for is counted, and the file says how much that was.
final class TraceRecorder: ReadObserver {
  private let state = Mutex(State())
  private let arrival = DispatchSemaphore(value: 0)
  private let isDone = DispatchSemaphore(value: 0)
  private let start = ContinuousClock.now

  /// Events that can wait to be written.
  static let capacity = 1 << 16

  /// Something that happened.
  struct Event {
    /// When, since the trace began.
    var time: Duration
    var connection: Int
    var what: What

    enum What {
      case connect(client: String, disk: Disk)
      case read(Range<Int>)
      case disconnect
    }
  }

  private struct State {
    var events: [Event] = []
    /// Reads for which there was no room since the events were taken last.
    var droppedCount = 0
    var connectionCount = 0
    var isEnded = false
  }

  /// Starts to write.
  ///
  /// - Parameters:
  ///   - path: The file, which is emptied.
  ///   - generated: What is served.
  /// - Throws: ``UserError`` if the file cannot be written.
  init(_ path: String, of generated: GeneratedDisk) throws(UserError) {
    let file = try PlainFile.open(path, for: "--trace")
    state.withLock { $0.events.reserveCapacity(Self.capacity) }
    let queue = DispatchQueue(label: "nbdgen.trace")
    queue.async { [self] in
      var writer = TraceWriter(file, path: path, generated)
      var isEnded = false
      while !isEnded {
        arrival.wait()
        let (events, droppedCount, ended) = take()
        isEnded = ended
        writer.write(events)
        if droppedCount > 0 { writer.write(droppedCount: droppedCount, at: time) }
      }
      writer.finish(at: time)
      isDone.signal()
    }
  }

  /// The time since the trace began.
  private var time: Duration { start.duration(to: .now) }

  private func take() -> ([Event], Int, Bool) {
    var empty: [Event] = []
    empty.reserveCapacity(Self.capacity)
    return state.withLock { [empty] state in
      defer {
        state.events = empty
        state.droppedCount = 0
      }
      return (state.events, state.droppedCount, state.isEnded)
    }
  }

  /// Adds an event; who waits for one is woken by the first.
  private func add(_ event: Event, isLosable: Bool, _ state: inout State) -> Bool {
    guard state.events.count < Self.capacity || !isLosable else {
      state.droppedCount += 1
      return false
    }
    state.events.append(event)
    return state.events.count == 1
  }

  func begin(client: ClientAddress, disk: Disk) -> Int {
    let time = time
    let (connection, isFirst) = state.withLock { state in
      state.connectionCount += 1
      let what = Event.What.connect(client: client.description, disk: disk)
      let event = Event(time: time, connection: state.connectionCount, what: what)
      return (state.connectionCount, add(event, isLosable: false, &state))
    }
    if isFirst { arrival.signal() }
    return connection
  }

  func note(_ range: Range<Int>, connection: Int) {
    let event = Event(time: time, connection: connection, what: .read(range))
    let isFirst = state.withLock { add(event, isLosable: true, &$0) }
    if isFirst { arrival.signal() }
  }

  func end(connection: Int) {
    let event = Event(time: time, connection: connection, what: .disconnect)
    let isFirst = state.withLock { add(event, isLosable: false, &$0) }
    if isFirst { arrival.signal() }
  }

  /// How long the file may take to be completed.
  private static let gracePeriod = DispatchTimeInterval.seconds(2)

  /// Writes what is left, in bounded time.
  func finish() {
    state.withLock { $0.isEnded = true }
    arrival.signal()
    _ = isDone.wait(timeout: .now() + Self.gracePeriod)
  }
}
