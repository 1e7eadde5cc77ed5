import DiskModel
import NBDProtocol
import NIOCore
import TestSupport

@testable import NBDServer

/// Answers requests for a disk, both as the bytes say: what the fuzzer does with
/// every input, and the replay with each that once was a finding.
///
/// The bytes are what was agreed on, a disk, and requests: a byte each of type,
/// flags, and of how offset and length are written, then these, and what follows.
package func checkRequests(_ bytes: [UInt8]) throws {
  var input = FuzzInput(bytes)
  let agreement = input.byte()
  let form: ReplyForm = [.simple, .structured, .extended][Int(agreement & 0x0F) % 3]
  let disk = FuzzDisk(&input)
  let selected: [MetaContext] =
    [[], [.allocation], [.segment], [.allocation, .segment]][
      Int(agreement >> 4 & 1 | agreement >> 6 & 2)
    ]
  let judge = RequestJudge(
    disk: disk,
    isStructured: form != .simple,
    isExtended: form == .extended,
    contexts: form == .simple ? [:] : Dictionary(selected.map { ($0.identifier, $0.name) }) { $1 },
    lengthLimit: agreement & 0x20 == 0 ? 1 << 20 : 1 << 15
  )
  let server = RespondingServer(
    responder: Responder(
      disk: disk.disk,
      form: form,
      contexts: form == .simple ? [] : selected,
      lengthLimit: judge.lengthLimit
    ),
    mayWait: agreement & 0x40 != 0
  )
  // Each may cost a MiB.
  for cookie in 0..<100 as Range<UInt64> where !input.isAtEnd {
    var request = NBDTestClient.Request(type: 0, cookie: cookie &* 0x9E37_79B9_7F4A_7C15)
    request.take(from: &input, size: UInt64(disk.size), isExtended: form == .extended)
    let client = NBDTestClient(hearing: try server.answer(request, judge))
    judge.prepare(client)
    let isAnswered = try judge.judge(request, client)
    try expect(isAnswered || request.type == NBD.Command.disconnect, "R2: no reply")
    try expect(client.hasHeardAll, "R2: something follows the reply to \(request)")
  }
}

extension NBDTestClient.Request {
  /// Takes everything but the cookie from the input.
  fileprivate mutating func take(from input: inout FuzzInput, size: UInt64, isExtended: Bool) {
    self.isExtended = isExtended
    type = UInt16(input.byte())
    flags = UInt16(input.byte())
    if flags == 255 { flags = input.number(UInt16.self) }
    let shape = input.byte()
    func take(_ shape: UInt8, end: UInt64) -> UInt64 {
      switch shape & 3 {
      case 0: UInt64(input.number(UInt16.self))
      case 1: UInt64(input.number(UInt16.self)) << 9
      case 2: input.number(UInt64.self)
      default: end &- UInt64(input.byte()) &+ 2
      }
    }
    offset = take(shape, end: size)
    length = take(shape >> 2, end: size &- offset)
    if !isExtended {
      length &= UInt64(UInt32.max)
    } else if flags & NBD.CommandFlag.payloadLength != 0 {
      payload = input.bytes(Int(input.byte()))
      length = UInt64(payload.count)
    }
  }
}

/// Does with requests what the server does, without a connection.
private struct RespondingServer {
  var responder: Responder
  var mayWait: Bool

  /// The reply to a request, none if it ends the connection.
  func answer(_ sent: NBDTestClient.Request, _ judge: RequestJudge) throws -> [UInt8] {
    let header = Array(sent.bytes.prefix(Request.size(responder.form)))
    guard let request = unsafe Request(decoding: header.span.bytes, form: responder.form) else {
      throw FuzzFinding(description: "Q1: \(sent) is no request")
    }
    try expect(
      request.payloadSize(responder.form) == judge.payloadSize(sent),
      "W2, E9: \(request.payloadSize(responder.form)) bytes follow \(sent)"
    )
    let address = ReplyAddress(request, form: responder.form)
    let isKept = sent.payload.count <= BlockStatusPayload.sizeLimit
    switch responder.check(request, payload: isKept ? sent.payload : nil) {
    case .read(let range, let isSplittable):
      return try compose(Responder.replyLimit(range.count)) { output throws(ReadFailure) in
        var manner = ReadManner(mayWait: mayWait)
        let isAnswered = try responder.appendRead(
          range,
          address: address,
          isSplittable: isSplittable,
          to: &output,
          &manner
        )
        if let failure = manner.checks.pass() { throw failure }
        return isAnswered
      }
    case .blockStatus(let range, let isOneEnough, let contexts):
      let reply = responder.blockStatus(range, isOneEnough: isOneEnough, contexts: contexts)
      return try compose(reply.sizeLimit) { output throws(ReadFailure) in
        reply.encode(address, into: &output)
        return true
      }
    case .nothing: return try result(nil, address)
    case .disconnect: return []
    case .refused(let error, let message): return try result((error, message), address)
    }
  }

  private func result(
    _ error: (ErrorNumber, StaticString)?,
    _ address: ReplyAddress
  ) throws -> [UInt8] {
    try compose(Responder.resultLimit) { output throws(ReadFailure) in
      responder.appendResult(error, address: address, to: &output)
      return true
    }
  }

  private func compose(
    _ limit: Int,
    _ body: (inout OutputRawSpan) throws(ReadFailure) -> Bool
  ) throws -> [UInt8] {
    var reply = ByteBuffer()
    let isComplete = try reply.append(limit: limit, body)
    try expect(isComplete, "a disk in memory can be read without waiting")
    return Array(reply.readableBytesView)
  }
}
