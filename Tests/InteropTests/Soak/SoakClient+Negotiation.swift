import TestSupport

// Clients that mostly negotiate.
extension SoakClient {
  func negotiate() throws {
    let client = try negotiating()
    for _ in 0..<Int.random(in: 0...12, using: &random) { try exchange(client) }
    switch Int.random(in: 0..<3, using: &random) {
    case 0: client.reset()
    case 1:
      step = "aborting"
      _ = try client.acceptedOption(NBD.Option.abort)
      try expectEnd(of: client)
    default:
      step = "entering transmission"
      try client.go()
      let requests = requests(3, for: client)
      try client.send(requests)
      for result in try client.collect(count: 3) { try check(result, client) }
      client.close()
    }
  }

  /// One option and its replies.
  private func exchange(_ client: NBDTestClient) throws {
    let choice = Int.random(in: 0..<9, using: &random)
    step = "option \(choice)"
    switch choice {
    case 0:
      let exports = try client.listExports()
      guard exports.map(\.name) == [""] else { throw Surprise("exports \(exports)") }
    case 1 where client.hasStructuredReplies:
      let isForAll = chance(2)
      let contexts = try client.listMetaContexts(isForAll ? [] : ["base:", "qemu:dirty-bitmap:x"])
      let expected = ["base:allocation"] + (isForAll ? ["nbdgen:segment"] : [])
      guard contexts.map(\.name) == expected else { throw Surprise("\(contexts)") }
    case 2 where client.hasStructuredReplies:
      try client.setMetaContexts(["base:allocation"])
    case 3 where !client.hasExtendedHeaders:
      try client.negotiateStructuredReplies()
    case 4:
      try client.negotiateExtendedHeaders()
    case 5:
      try expectRefusal(NBD.OptionReplyType.unknown) { _ = try client.info(name: "no such export") }
    case 6:
      let code = UInt32.random(in: 12..<500, using: &random)
      let data = [UInt8](repeating: 7, count: random.anyMagnitude(below: 60_000))
      let isListed = try client.option(code, data).map(\.type) == [NBD.OptionReplyType.unsupported]
      guard isListed else { throw Surprise("option \(code)") }
    case 7:
      try expectRefusal(NBD.OptionReplyType.unknown) { try client.go(name: "nor this one") }
    default:
      let requests = (0..<4).filter { _ in chance(2) } as [UInt16]
      let info = try client.info(requests: requests)
      guard info.size == UInt64(disk.bytes.count) else { throw Surprise("size \(info.size)") }
    }
  }

  private func expectRefusal(_ code: UInt32, _ body: () throws -> Void) throws {
    do {
      try body()
    } catch let refusal as OptionRefused where refusal.code == code {
      return
    }
    throw Surprise("not refused")
  }

  func enterByName() throws {
    let flags: UInt32 = chance(2) ? 1 : 3
    let client = try NBDTestClient.negotiating(
      disk.endpoint,
      clientFlags: flags,
      timeout: Self.patience
    )
    if chance(2) { try client.negotiateStructuredReplies() }
    step = "entering by name"
    let size = try client.exportName("").size
    guard size == UInt64(disk.bytes.count) else { throw Surprise("size \(size)") }
    for _ in 0..<Int.random(in: 1...5, using: &random) {
      let offset = UInt64(Int.random(in: 0..<disk.bytes.count - 4096, using: &random))
      try client.send([.init(type: 0, cookie: client.nextCookie(), offset: offset, length: 4096)])
      for result in try client.collect(count: 1) { try check(result, client) }
    }
    try client.disconnect()
    try expectEnd(of: client)
  }

  func flood() throws {
    let client = try negotiating()
    let count = Int.random(in: 1...500, using: &random)
    let code = chance(2) ? NBD.Option.list : NBD.Option.go
    // As for `GO`, that is no data it could have.
    let option = NBDTestClient.optionBytes(code)
    step = "flooding"
    try client.send((0..<count).flatMap { _ in option })
    if chance(2) {
      for _ in 0..<count {
        let last = try client.readOptionReplies(to: code).last
        guard last?.isError == (code == NBD.Option.go) else { throw Surprise("\(last as Any)") }
      }
    }
    client.reset()
  }
}
