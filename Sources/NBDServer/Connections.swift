import NIOCore

/// The connections that are open, and how many of them each address has.
struct Connections {
  private(set) var channels: [ObjectIdentifier: any Channel] = [:]
  private var counts: [String: Int] = [:]

  /// How many there are on each event loop.
  private var loads: [ObjectIdentifier: Int] = [:]

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
    let count = address.map { counts[$0, default: 0] } ?? 0
    func excess(_ text: String, _ reason: EndReason) -> Excess {
      Excess(text: text, reason: reason, isNews: reported.insert(text).inserted)
    }
    if channels.count >= limits.connections {
      return excess("there are \(limits.connections) connections", .connections)
    }
    if let address, count >= limits.connectionsPerAddress {
      let text = "\(address) has \(limits.connectionsPerAddress) connections"
      return excess(text, .connectionsPerAddress)
    }
    channels[ObjectIdentifier(channel)] = channel
    if let address { counts[address] = count + 1 }
    loads[ObjectIdentifier(channel.eventLoop), default: 0] += 1
    return nil
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
    if let channel = channels.removeValue(forKey: identifier) {
      loads[ObjectIdentifier(channel.eventLoop), default: 1] -= 1
    }
    if let address, let count = counts[address] {
      counts[address] = count > 1 ? count - 1 : nil
    }
    // What is said once more after everybody left is news.
    if channels.isEmpty { reported = [] }
    return channels.isEmpty
  }
}
