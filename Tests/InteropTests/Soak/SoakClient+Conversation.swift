import Foundation
import TestSupport

// Clients that behave, if in odd ways.
extension SoakClient {
  func converse() throws {
    let client = try connect()
    for _ in 0..<Int.random(in: 1...12, using: &random) {
      let requests = requests(Int.random(in: 1...8, using: &random), for: client)
      step = "sending \(requests.count) requests"
      try client.send(requests)
      try collect(requests.count, from: client)
      if chance(4) { rest(upTo: 0.05) }
    }
    try leave(client)
  }

  func readMuch() throws {
    crowd.heavyTurns.wait()
    defer { crowd.heavyTurns.signal() }
    let client = try connect()
    let requests = longReads(Int.random(in: 1...3, using: &random), for: client)
    step = "reading much"
    try client.send(requests)
    try collect(requests.count, from: client)
    try leave(client)
  }

  func pause() throws {
    crowd.heavyTurns.wait()
    defer { crowd.heavyTurns.signal() }
    let client = try connect()
    // So little that it can be sent while the server waits for replies to be read.
    let requests = longReads(2, for: client) + requests(20, for: client, length: 4096)
    step = "pausing"
    try client.send(client.expect(requests))
    rest(upTo: 1)
    try collect(requests.count, from: client)
    try leave(client)
  }

  func halfClose() throws {
    let client = try connect()
    let requests = requests(Int.random(in: 0...30, using: &random), for: client, length: 1 << 16)
    step = "half-closing"
    try client.send(requests)
    try client.endSending()
    try collect(requests.count, from: client)
    try expectEnd(of: client)
  }

  func sendSlowly() throws {
    let client = try connect()
    let requests = requests(3, for: client, length: 4096)
    step = "sending slowly"
    let bytes = try client.expect(requests)
    var start = 0
    while start < bytes.count {
      let end = start + min(1 + random.anyMagnitude(below: 32), bytes.count - start)
      try client.send(Array(bytes[start..<end]))
      start = end
      if start < 200 { rest(upTo: 0.02) }
    }
    try collect(requests.count, from: client)
    try leave(client)
  }

  /// Takes in and checks so many replies.
  private func collect(_ count: Int, from client: NBDTestClient) throws {
    for _ in 0..<count {
      for result in try client.collect(count: 1) { try check(result, client) }
    }
  }

  /// Ends a conversation in one of the ways there are.
  private func leave(_ client: NBDTestClient) throws {
    step = "leaving"
    switch Int.random(in: 0..<4, using: &random) {
    case 0: client.close()
    case 1: client.reset()
    case 2:
      try client.endSending()
      try expectEnd(of: client)
    default:
      try client.disconnect()
      try expectEnd(of: client)
    }
  }

  func expectEnd(of client: NBDTestClient) throws {
    guard try client.isAtEOF(within: Self.patience) else {
      throw Surprise("more than was asked for, or no end")
    }
    client.close()
  }

  /// Reads of 8 MiB and more, together at most 40 MiB.
  private func longReads(_ count: Int, for client: NBDTestClient) -> [NBDTestClient.Request] {
    let size = disk.bytes.count
    return (0..<count).map { _ in
      let length = min(Int.random(in: (8 << 20)...(13 << 20), using: &random), size)
      var request = NBDTestClient.Request(type: NBD.Command.read, cookie: client.nextCookie())
      request.offset = UInt64(Int.random(in: 0...size - length, using: &random))
      request.length = UInt64(length)
      if client.hasStructuredReplies, chance(2) { request.flags = NBD.CommandFlag.df }
      return request
    }
  }

  /// Requests of all kinds, most of them for bytes.
  func requests(
    _ count: Int,
    for client: NBDTestClient,
    length: Int = 1 << 20
  ) -> [NBDTestClient.Request] {
    (0..<count).map { _ in request(for: client, length: length) }
  }

  private func request(for client: NBDTestClient, length: Int) -> NBDTestClient.Request {
    let size = disk.bytes.count
    let count = min(1 + random.anyMagnitude(below: length), size)
    var request = NBDTestClient.Request(type: NBD.Command.read, cookie: client.nextCookie())
    request.offset = UInt64(Int.random(in: 0...size - count, using: &random))
    request.length = UInt64(count)
    switch Int.random(in: 0..<20, using: &random) {
    case 0: request.type = NBD.Command.flush
    case 1: request.type = NBD.Command.cache
    case 2: request.type = Bool.random(using: &random) ? NBD.Command.trim : NBD.Command.writeZeroes
    case 3: request.type = UInt16.random(in: NBD.Command.resize..<1000, using: &random)
    case 4: request.offset = UInt64(size - count + 1)
    case 5: request.length = 0
    case 6:
      request.type = NBD.Command.write
      request.payload = [UInt8](repeating: 0x25, count: count)
      if client.hasExtendedHeaders { request.flags = NBD.CommandFlag.payloadLength }
    case 7, 8, 9, 10, 11:
      if !client.contexts.isEmpty { askForStatus(&request, client) }
    default:
      if client.hasStructuredReplies, chance(3) { request.flags = NBD.CommandFlag.df }
    }
    return request
  }

  /// Makes a request one for block status, of whole sectors: parts of them are
  /// described as one, and so depend on what was asked for.
  private func askForStatus(_ request: inout NBDTestClient.Request, _ client: NBDTestClient) {
    let sectorCount = disk.bytes.count / 512
    let count = 1 + random.anyMagnitude(below: sectorCount)
    request.type = NBD.Command.blockStatus
    request.offset = UInt64(Int.random(in: 0...sectorCount - count, using: &random) * 512)
    request.length = UInt64(count * 512)
    if chance(3) { request.flags = NBD.CommandFlag.reqOne }
    guard client.hasExtendedHeaders, chance(2) else { return }
    request.payload = []
    request.payload.append(u64: request.length)
    request.payload.append(u32: client.contexts.keys.first ?? 0)
    request.length = UInt64(request.payload.count)
    request.flags |= NBD.CommandFlag.payloadLength
  }
}
