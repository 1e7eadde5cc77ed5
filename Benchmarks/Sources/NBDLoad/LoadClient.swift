public import Glibc

/// A client that keeps a server busy, and counts.
public enum LoadClient {
  /// Connects, asks as the plan says, and disconnects.
  ///
  /// - Parameters:
  ///   - plan: What is asked for.
  ///   - address: Where the server listens.
  ///   - process: The server's process, whose CPU time is counted; 0 for none.
  ///   - shouldStop: Asked now and then; the load ends early if it says so.
  /// - Returns: What the client saw.
  /// - Throws: ``LoadFailure``
  public static func run(
    _ plan: LoadPlan,
    at address: Address,
    process: pid_t = 0,
    shouldStop: () -> Bool = { false }
  ) throws -> LoadResult {
    let connections = try (0..<plan.connections).map { index in
      let negotiated = try Negotiated(to: address, blockStatus: plan.request == .blockStatus)
      guard plan.request == .read || negotiated.hasBlockStatus else {
        throw LoadFailure.protocolViolation("has no base:allocation")
      }
      return try LoadConnection(
        negotiated,
        plan: plan,
        offsets: try OffsetSequence(plan, negotiated.size, index)
      )
    }
    let perConnection = plan.limit / plan.connections
    for connection in connections { try connection.start(count: perConnection) }
    var asked = connections.count * min(perConnection, plan.depth)

    var result = LoadResult()
    let start = Clocks.now()
    var counting = CountingWindow(process: process)
    var answered = 0
    var end = Int.max
    if plan.warmUp == 0 {
      counting.begin()
      end = start + plan.duration
    }
    var polled = connections.map {
      pollfd(fd: $0.socket.descriptor, events: Int16(POLLIN), revents: 0)
    }
    while answered < plan.limit {
      if connections.count > 1 {
        wait(for: &polled, sleeps: plan.sleeps)
      }
      for (index, connection) in connections.enumerated()
      where connections.count == 1 || polled[index].revents != 0 {
        answered += try connection.turn(
          &result,
          mayAsk: {
            guard asked < plan.limit else { return false }
            asked += 1
            return true
          }
        )
      }
      let now = Clocks.now()
      if end == .max && now - start >= plan.warmUp {
        result.latencies = LatencyHistogram()
        counting.begin()
        counting.answeredBefore = answered
        end = now + plan.duration
      } else if now >= end || shouldStop() {
        break
      }
    }
    counting.finish(&result)
    result.operations = answered - counting.answeredBefore
    // Some servers take it ill if a client leaves before their replies.
    let latencies = result.latencies
    while answered < asked {
      if connections.count > 1 {
        wait(for: &polled, sleeps: plan.sleeps)
      }
      for (index, connection) in connections.enumerated()
      where connections.count == 1 || polled[index].revents != 0 {
        answered += try connection.turn(&result, mayAsk: { false })
      }
    }
    result.latencies = latencies
    for connection in connections { connection.disconnect() }
    result.bytes = result.operations * plan.requestSize
    return result
  }

  /// Waits until a server answers; unless it sleeps, awake at first, as
  /// ``Socket/receiveAwake(into:)`` does.
  private static func wait(for polled: inout [pollfd], sleeps: Bool) {
    let end = Clocks.now() + Socket.wakefulness
    while !sleeps && Clocks.now() < end {
      if unsafe poll(&polled, nfds_t(polled.count), 0) > 0 { return }
      sched_yield()
    }
    unsafe _ = poll(&polled, nfds_t(polled.count), -1)
  }

  /// Connects, negotiates and disconnects, over and over.
  ///
  /// - Parameters:
  ///   - address: Where the server listens.
  ///   - export: The export's name.
  ///   - duration: For how long, in nanoseconds.
  ///   - process: The server's process, whose CPU time is counted.
  /// - Returns: What the client saw; an operation is a connection.
  /// - Throws: ``LoadFailure``
  public static func connectRepeatedly(
    to address: Address,
    export: String = "",
    duration: Int,
    process: pid_t
  ) throws -> LoadResult {
    var result = LoadResult()
    var counting = CountingWindow(process: process)
    counting.begin()
    let end = Clocks.now() + duration
    repeat {
      let start = Clocks.now()
      var connection = Negotiated(
        socket: try Socket(to: address),
        size: 0,
        isStructured: false,
        hasBlockStatus: false
      )
      do {
        try connection.greet()
        guard try connection.go(to: export) else {
          throw LoadFailure.protocolViolation("refuses the export")
        }
      } catch {
        connection.socket.close()
        throw error
      }
      connection.disconnect()
      result.latencies.add(Clocks.now() - start)
      result.operations += 1
    } while Clocks.now() < end
    counting.finish(&result)
    return result
  }
}

/// Clocks, read when counting begins and when it ends.
private struct CountingWindow {
  var process: pid_t
  var answeredBefore = 0
  private var start = 0
  private var serverCPU = 0
  private var clientCPU = 0

  init(process: pid_t) {
    self.process = process
  }

  mutating func begin() {
    start = Clocks.now()
    clientCPU = Clocks.threadCPU()
    serverCPU = process == 0 ? 0 : Clocks.cpu(ofProcess: process)
  }

  func finish(_ result: inout LoadResult) {
    result.seconds = Double(Clocks.now() - start) / 1e9
    result.clientCPU = Double(Clocks.threadCPU() - clientCPU) / 1e9
    if process != 0 {
      result.serverCPU = Double(Clocks.cpu(ofProcess: process) - serverCPU) / 1e9
    }
  }
}
