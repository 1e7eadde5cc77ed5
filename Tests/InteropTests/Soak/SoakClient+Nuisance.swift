import TestSupport

// Clients that nobody wants: what they get does not matter.
extension SoakClient {
  func vanish() throws {
    let client = try NBDTestClient.connected(disk.endpoint, timeout: Self.patience)
    step = "vanishing"
    var script: [UInt8] = [0, 0, 0, 3]
    let isExtended = chance(2)
    script += NBDTestClient.optionBytes(isExtended ? 11 : 8)
    let query = Array("base:allocation".utf8)
    let contexts = NBDTestClient.metaContextData(name: [], queries: [query])
    script += NBDTestClient.optionBytes(NBD.Option.setMetaContext, data: contexts)
    script += NBDTestClient.optionBytes(NBD.Option.go, data: NBDTestClient.infoData(name: []))
    let negotiation = script.count
    for request in nuisances(40, length: 300_000) {
      var request = request
      request.isExtended = isExtended
      script += request.bytes
    }
    let limit = chance(2) ? negotiation : script.count
    try? client.send(Array(script.prefix(Int.random(in: 0...limit, using: &random))))
    if chance(3) { _ = try? client.receive(Int.random(in: 0...18, using: &random)) }
    if chance(3) { rest(upTo: 0.1) }
    client.reset()
  }

  func talkNonsense() throws {
    let phase = Int.random(in: 0..<3, using: &random)
    let client =
      switch phase {
      case 0: try NBDTestClient.connected(disk.endpoint, timeout: Self.patience)
      case 1: try negotiating()
      default: try connect()
      }
    step = "talking nonsense in phase \(phase)"
    var bytes = random.bytes(1 + random.anyMagnitude(below: 4000))
    if chance(2) {
      // A head that is in order, and nothing that follows it is.
      var head: [UInt8] = []
      if phase == 1 { head.append(u64: NBD.Magic.option) }
      if phase == 2 { head.append(u32: NBD.Magic.request) }
      bytes = head + bytes
    }
    try? client.send(bytes)
    if chance(2) { rest(upTo: 0.1) }
    client.reset()
  }

  func readNothing() throws {
    let client = try connect()
    step = "reading nothing"
    var requests = nuisances(64, length: 8 << 20)
    for index in requests.indices { requests[index].isExtended = client.hasExtendedHeaders }
    try? client.send(requests.flatMap(\.bytes))
    rest(upTo: 1)
    if chance(2) { client.close() } else { client.reset() }
  }

  func visit() throws {
    let client = try NBDTestClient.connected(disk.endpoint, timeout: Self.patience)
    if chance(2) { try client.readGreeting() }
    if chance(2) { client.close() } else { client.reset() }
  }

  /// Reads anywhere, which nobody waits for.
  private func nuisances(_ count: Int, length: Int) -> [NBDTestClient.Request] {
    (0..<UInt64(count)).map { cookie in
      let offset = UInt64(Int.random(in: 0..<disk.bytes.count, using: &random))
      let rest = UInt64(disk.bytes.count) - offset
      return .init(
        type: NBD.Command.read,
        cookie: cookie,
        offset: offset,
        length: min(UInt64(length), rest)
      )
    }
  }
}
