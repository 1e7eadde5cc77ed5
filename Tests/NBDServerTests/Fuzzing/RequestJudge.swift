import TestSupport

/// Tells what requests have to get, and whether they get it.
///
/// It shares nothing with the server: the test client puts the replies together
/// and finds fault with their form, and this with what they say.
struct RequestJudge {
  var disk: FuzzDisk
  var isStructured: Bool
  var isExtended: Bool
  /// The contexts that were selected, by number.
  var contexts: [UInt32: String]
  /// Most bytes of a read.
  var lengthLimit: Int
  /// Whether any request may be refused because the server is about to end.
  var mayShutDown = false

  /// What a request leads to.
  enum Expectation: Equatable {
    case success
    case error(UInt32)
    case end
  }

  private typealias Flag = NBD.CommandFlag

  /// Has a client expect what was agreed on.
  func prepare(_ client: NBDTestClient) {
    client.assume(
      isStructured: isStructured,
      isExtended: isExtended,
      contexts: contexts,
      exportSize: UInt64(disk.size)
    )
  }

  /// Number of bytes that follow a request.
  func payloadSize(_ request: NBDTestClient.Request) -> UInt64 {
    let hasPayload =
      isExtended
      ? request.flags & Flag.payloadLength != 0 : request.type == NBD.Command.write
    return hasPayload ? request.length : 0
  }

  /// What a request has to lead to.
  func expectation(_ request: NBDTestClient.Request) -> Expectation {
    let invalid = Expectation.error(NBD.ErrorNumber.einval)
    func isAllowed(_ flags: UInt16) -> Bool { request.flags & ~(flags | Flag.fua) == 0 }
    switch request.type {
    case NBD.Command.disconnect: return .end
    case NBD.Command.write, NBD.Command.trim, NBD.Command.writeZeroes:
      return .error(NBD.ErrorNumber.eperm)
    case NBD.Command.flush: return isAllowed(0) ? .success : invalid
    case NBD.Command.cache: return isAllowed(0) && range(of: request) != nil ? .success : invalid
    case NBD.Command.read:
      guard isAllowed(isStructured ? Flag.df : 0), let range = range(of: request) else {
        return invalid
      }
      let isInOne = !isStructured || request.flags & Flag.df != 0
      guard range.count > lengthLimit || isInOne && range.count > 1 << 26 else { return .success }
      return isStructured ? .error(NBD.ErrorNumber.eoverflow) : invalid
    case NBD.Command.blockStatus:
      let allowed = isExtended ? Flag.reqOne | Flag.payloadLength : Flag.reqOne
      guard !contexts.isEmpty, isAllowed(allowed), let effective = effective(request),
        range(of: effective) != nil
      else { return invalid }
      return .success
    default: return invalid
    }
  }

  /// The bytes that a request is about; `nil` if there are none, or if they are not
  /// all on the disk.
  private func range(of request: NBDTestClient.Request) -> Range<Int>? {
    guard let start = Int(exactly: request.offset), let count = Int(exactly: request.length),
      count > 0, start <= disk.size, count <= disk.size - start
    else { return nil }
    return start..<start + count
  }

  /// The request for block status without what follows it, which says how long it
  /// really is; `nil` if that makes no sense.
  private func effective(_ request: NBDTestClient.Request) -> NBDTestClient.Request? {
    guard request.flags & Flag.payloadLength != 0 else { return request }
    guard let asked = asked(request), !asked.isEmpty else { return nil }
    var effective = request
    effective.flags &= ~Flag.payloadLength
    effective.length = request.payload.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    return effective
  }

  /// The numbers of the contexts that a request for block status is about; `nil` if
  /// what follows it makes no sense.
  private func asked(_ request: NBDTestClient.Request) -> Set<UInt32>? {
    guard request.flags & Flag.payloadLength != 0 else { return Set(contexts.keys) }
    var input = FuzzInput(request.payload)
    guard input.count >= 8, input.count % 4 == 0 else { return nil }
    _ = input.bytes(8)
    var numbers: Set<UInt32> = []
    while let bytes = input.exactly(4) {
      let number = bytes.reduce(0) { $0 << 8 | UInt32($1) }
      guard contexts[number] != nil, numbers.insert(number).inserted else { return nil }
    }
    return numbers
  }

  /// Reads the reply to a request, and finds fault with it; `false` if none follows.
  func judge(_ request: NBDTestClient.Request, _ client: NBDTestClient) throws -> Bool {
    let expected = expectation(request)
    guard expected != .end else { return false }
    var request = request
    request.isExtended = isExtended
    try client.expect([request])
    guard let result = try client.collect([request.cookie])[request.cookie] else { return false }
    if mayShutDown && result.error?.code == NBD.ErrorNumber.eshutdown { return true }
    let seen = result.error.map { Expectation.error($0.code) } ?? .success
    try expect(seen == expected, "\(request): \(seen), not \(expected)")
    let isStatus = request.type == NBD.Command.blockStatus
    guard expected == .success, let plain = isStatus ? effective(request) : request,
      let range = range(of: plain)
    else { return true }
    switch request.type {
    case NBD.Command.read: try check(result, range)
    case NBD.Command.blockStatus:
      try expect(Set(result.extents.keys) == asked(request), "A5, E10: \(result.extents.keys)")
      for (number, extents) in result.extents { try checkStatus(contexts[number], extents, range) }
    default: break
    }
    return true
  }

  private func check(_ result: NBDTestClient.RequestResult, _ range: Range<Int>) throws {
    try expect(result.bytes == disk.bytes(range), "C1: other bytes in \(range)")
    for chunk in result.chunks {
      let start = Int(chunk.offset)
      let isAligned = start % 512 == 0 || start == range.lowerBound
      try expect(isAligned, "K4: a chunk starts at \(start) in \(range)")
    }
  }

  private func checkStatus(
    _ context: String?,
    _ extents: [NBDTestClient.Extent],
    _ range: Range<Int>
  ) throws {
    var position = range.lowerBound
    for (index, extent) in extents.enumerated() {
      let end = position + Int(extent.length)
      if context == "base:allocation" {
        try disk.check(status: extent.flags, of: position..<end)
      } else {
        try disk.check(segment: extent.flags, of: position..<end)
      }
      position = end
      guard index + 1 < extents.count else { break }
      try expect(position % 512 == 0, "A7: an extent ends at \(position)")
      try expect(extents[index + 1].flags != extent.flags, "A7: neighbours at \(position)")
    }
  }
}
