import DiskModel
import Dispatch
import NBDServer
import Synchronization
import SystemPackage

/// Writes down what clients read, and whose it was.
///
/// Threads of the server only put what happens into a buffer, which has room for so many
/// events; one thread joins them with the disk's map and writes them. What there is no
/// room for is counted, and the file says how much that was.
final class TraceRecorder: Sendable {
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
      case connect(client: String, disk: Disk, of: TracedDisk)
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
  ///   - describe: Adds what is served to the first line.
  /// - Throws: ``UserError`` if the file cannot be written.
  init(
    _ path: String,
    describe: @escaping @Sendable (inout JSONObject) -> Void
  ) throws(UserError) {
    let file = try PlainFile.open(path, for: "--trace")
    state.withLock { $0.events.reserveCapacity(Self.capacity) }
    let queue = DispatchQueue(label: "nbdgen.trace")
    queue.async { [self] in
      var writer = TraceWriter(file, path: path, describe: describe)
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

  /// A client begins to use a disk; returns the number of the connection.
  func begin(client: ClientAddress, disk: Disk, of traced: TracedDisk) -> Int {
    let time = time
    let (connection, isFirst) = state.withLock { state in
      state.connectionCount += 1
      let what = Event.What.connect(client: client.description, disk: disk, of: traced)
      let event = Event(time: time, connection: state.connectionCount, what: what)
      return (state.connectionCount, add(event, isLosable: false, &state))
    }
    if isFirst { arrival.signal() }
    return connection
  }

  /// A client reads.
  func note(_ range: Range<Int>, connection: Int) {
    let event = Event(time: time, connection: connection, what: .read(range))
    let isFirst = state.withLock { add(event, isLosable: true, &$0) }
    if isFirst { arrival.signal() }
  }

  /// A client has gone.
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
