import NBDProtocol
import TestSupport

/// Negotiates with somebody who sends whatever the bytes say: what the fuzzer does
/// with every input, and the replay with each that once was a finding.
///
/// The bytes are what TLS is, the client's flags, and options: a byte of code, of
/// which 255 is followed by another one of four, two bytes of size, and the data.
package func checkOptions(_ bytes: [UInt8]) throws {
  var input = FuzzInput(bytes)
  let tls = OptionJudge.TLS(rawValue: input.choice(of: 3)) ?? .off
  let flags = input.number(UInt32.self)
  var server = NegotiatingServer(tls: tls)
  let isGreeted = server.negotiation.receive(clientFlags: flags) == nil
  try expect(isGreeted == (flags <= 3), "G5: flags \(flags)")
  guard isGreeted else { return }
  var judge = OptionJudge(
    tls: tls,
    flags: flags,
    exports: NegotiatingServer.exports.map { ($0.name, $0.size) },
    limit: NegotiatingServer.optionLimit
  )
  while !input.isAtEnd {
    var code = UInt32(input.byte())
    if code == 255 { code = input.number(UInt32.self) }
    let data = input.bytes(Int(input.number(UInt16.self)))
    let before = server
    let step = try server.take(code, data)
    guard try check(step, code, data, &judge) else { return }
    if code == NBD.Option.info { try checkAgreement(before, data, step) }
  }
}

/// Checks what the server wants to do; `false` if that ends the negotiation.
private func check(
  _ step: Negotiation.Step,
  _ code: UInt32,
  _ data: [UInt8],
  _ judge: inout OptionJudge
) throws -> Bool {
  let verdict: OptionJudge.Verdict
  let said: [UInt8]
  switch step {
  case .send(let bytes): (verdict, said) = (.goesOn, bytes)
  case .startTLS(let bytes): (verdict, said) = (.encrypts, bytes)
  case .close(let bytes): (verdict, said) = (.closes, bytes)
  case .hangUp: (verdict, said) = (.closes, [])
  case .transmit(let bytes, let agreement):
    let name = code == NBD.Option.exportName ? data : nameInside(data)
    (verdict, said) = (.transmits(exportName: name), bytes)
    try check(agreement, name, judge)
  case .find, .check, .listExports:
    throw FuzzFinding(description: "a lookup follows a lookup")
  }
  let client = NBDTestClient(hearing: said)
  let expected = try judge.judge(code, data, client)
  try expect(client.hasHeardAll, "O1: something follows the last reply to option \(code)")
  try expect(verdict == expected, "option \(code) \(data): \(verdict), not \(expected)")
  return verdict == .goesOn || verdict == .encrypts
}

private func check(
  _ agreement: Negotiation.Agreement,
  _ name: [UInt8],
  _ judge: OptionJudge
) throws {
  try expect(agreement.export.size == judge.size(of: name), "another export was agreed on")
  let form: ReplyForm =
    judge.isExtended ? .extended : judge.isStructured ? .structured : .simple
  try expect(agreement.form == form, "\(agreement.form) was agreed on, not \(form)")
  let contexts = agreement.contexts.map { ($0.identifier, $0.name) }
  try expect(
    Dictionary(contexts) { "\($0), \($1)" } == judge.contexts(of: name),
    "M6, M8, M11: \(contexts)"
  )
}

/// What `INFO` got, `GO` would have got as well.
private func checkAgreement(
  _ server: NegotiatingServer,
  _ data: [UInt8],
  _ told: Negotiation.Step
) throws {
  var server = server
  switch (told, try server.take(NBD.Option.go, data)) {
  case (.send(let info), .transmit(let going, _)), (.send(let info), .send(let going)):
    let replies = try [(NBD.Option.info, info), (NBD.Option.go, going)].map { code, bytes in
      try NBDTestClient(hearing: bytes).readOptionReplies(to: code).map { ($0.type, $0.data) }
    }
    try expect(replies[0].elementsEqual(replies[1], by: ==), "I2: INFO and GO differ")
  case (let told, let going):
    throw FuzzFinding(description: "I2: INFO leads to \(told), GO to \(going)")
  }
}

/// The name at the start of an option's data.
private func nameInside(_ data: [UInt8]) -> [UInt8] {
  var input = FuzzInput(data)
  return input.bytes(Int(input.number(UInt32.self)))
}

/// Does for a negotiation what the server does.
private struct NegotiatingServer {
  var negotiation: Negotiation

  static let optionLimit = 200

  static let exports = [
    ExportInformation(name: Array("first".utf8), description: "a disk", size: 0x123_4567),
    ExportInformation(name: Array("ä".utf8), description: "", size: .max, isSameForAll: false),
    ExportInformation(name: Array("x".utf8), description: "", size: 0),
  ]

  init(tls: OptionJudge.TLS) {
    let mode: TLSMode =
      switch tls {
      case .off: .off
      case .optional: .optional
      case .required: .required
      }
    negotiation = Negotiation(tls: mode, optionLimit: Self.optionLimit)
  }

  /// Takes an option, and looks up for it what there is to be looked up.
  mutating func take(_ code: UInt32, _ data: [UInt8]) throws -> Negotiation.Step {
    let bytes = NBDTestClient.optionBytes(code, data: data)
    guard let header = OptionHeader(decoding: Array(bytes.prefix(OptionHeader.size))) else {
      throw FuzzFinding(description: "O1: option \(code) is none")
    }
    try expect(header.dataSize == data.count, "O1: option \(code) has \(header.dataSize) bytes")
    switch negotiation.receive(header, data: data) {
    case .find(let name):
      let export = Self.export(named: name)
      return negotiation.resolve(export.map(Result.success) ?? .failure(.notThere))
    case .check(let name): return negotiation.confirm(Self.export(named: name) != nil)
    case .listExports:
      return negotiation.list(
        Self.exports.map { (String(decoding: $0.name, as: UTF8.self), $0.description) }
      )
    case let step: return step
    }
  }

  private static func export(named name: [UInt8]) -> ExportInformation? {
    name.isEmpty ? exports.first : exports.first { $0.name == name }
  }
}
