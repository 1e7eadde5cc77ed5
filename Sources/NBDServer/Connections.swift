import NIOCore

/// The connections that are open, and how many of them each address has.
struct Connections {
  private(set) var channels: [ObjectIdentifier: any Channel] = [:]
  private var counts: [String: Int] = [:]

  /// How many there are on each event loop.
  private var loads: [ObjectIdentifier: Int] = [:]

  /// How many are on their way from one event loop to another.
  private var movingCount = 0

  private var isStopping = false

  /// How many there are.
  var count: Int { channels.count + movingCount }

  /// What was said to be too much, and not taken back by somebody leaving.
  private var reported: Set<String> = []

  /// Adds a connection, if there may be one more.
  ///
  /// - Parameters:
  ///   - channel: The connection.
  ///   - address: Where it comes from; `nil` for unix sockets and pipes.
  ///   - limits: How many there may be.
  /// - Returns: `nil` if it was added, or what there is too much of.
  mutating func add(
    _ channel: any Channel,
    from address: String?,
    _ limits: ServerLimits
  ) -> Excess? {
    let addressCount = address.map { counts[$0, default: 0] } ?? 0
    func excess(_ text: String, _ reason: EndReason) -> Excess {
      Excess(text: text, reason: reason, isNews: reported.insert(text).inserted)
    }
    if count >= limits.connections {
      return excess("there are \(limits.connections) connections", .connections)
    }
    if let address, addressCount >= limits.connectionsPerAddress {
      let text = "\(address) has \(limits.connectionsPerAddress) connections"
      return excess(text, .connectionsPerAddress)
    }
    insert(channel)
    if let address { counts[address] = addressCount + 1 }
    return nil
  }

  private mutating func insert(_ channel: any Channel) {
    channels[ObjectIdentifier(channel)] = channel
    loads[ObjectIdentifier(channel.eventLoop), default: 0] += 1
  }

  private mutating func take(_ identifier: ObjectIdentifier) -> Bool {
    guard let channel = channels.removeValue(forKey: identifier) else { return false }
    loads[ObjectIdentifier(channel.eventLoop), default: 1] -= 1
    return true
  }

  /// A connection goes to another event loop, where another channel will stand for it.
  mutating func beginMove(_ channel: any Channel) {
    if take(ObjectIdentifier(channel)) { movingCount += 1 }
  }

  /// A connection has come to another event loop; whether the server is stopping.
  mutating func endMove(to channel: any Channel) -> Bool {
    movingCount -= 1
    insert(channel)
    return isStopping
  }

  /// The server is stopping; the connections that are to be told.
  mutating func stop() -> [any Channel] {
    isStopping = true
    return Array(channels.values)
  }

  /// A connection was lost on its way to another event loop; whether it was the last one.
  mutating func failMove(from address: String?) -> Bool {
    movingCount -= 1
    return forget(address)
  }

  /// How many connections an event loop has.
  func count(on eventLoop: any EventLoop) -> Int {
    loads[ObjectIdentifier(eventLoop), default: 0]
  }

  /// Something that there is too much of.
  struct Excess {
    var text: String
    var reason: EndReason
    /// Whether that was not said before.
    var isNews: Bool
  }

  /// Removes a connection; whether it was the last one.
  mutating func remove(_ identifier: ObjectIdentifier, from address: String?) -> Bool {
    take(identifier) && forget(address)
  }

  private mutating func forget(_ address: String?) -> Bool {
    if let address, let former = counts[address] {
      counts[address] = former > 1 ? former - 1 : nil
    }
    // What is said once more after everybody left is news.
    if count == 0 { reported = [] }
    return count == 0
  }
}
