import NBDProtocol
import Testing

struct NegotiationTests {
  @Test("G1-G4: the greeting is NBDMAGIC, IHAVEOPT and both handshake flags")
  func greeting() {
    #expect(Greeting.encode() == wire(.text("NBDMAGICIHAVEOPT"), .u16(3)))
    #expect(Greeting.clientFlagsSize == 4)
  }

  @Test("G5: client flags that were not offered end the connection", arguments: 0..<32)
  func clientFlags(bit: Int) {
    var negotiation = Negotiation()
    let step = negotiation.receive(clientFlags: 1 << bit)
    #expect(step == (bit < 2 ? nil : .hangUp(.unknownFlags)))
    var offered = Negotiation()
    #expect(offered.receive(clientFlags: 3 | 1 << bit) == (bit < 2 ? nil : .hangUp(.unknownFlags)))
  }

  @Test("G6: a client without flags may use any option")
  func noClientFlags() {
    var peer = NegotiationPeer(flags: 0)
    #expect(peer.option(Code.structuredReply).types == [1])
    #expect(peer.option(Code.info, exportRequest("first")).types == [3, 1])
    #expect(peer.option(Code.startTLS).types == [-1])
    #expect(peer.option(Code.go, exportRequest("first")).agreement?.form == .structured)
  }

  @Test(
    "O3, P1, T1: options that are not known are refused as such",
    arguments: [0, Code.peekExport, Code.startTLS, 12, 1 << 31, .max]
  )
  func unknownOptions(code: UInt32) {
    var peer = NegotiationPeer()
    let outcome = peer.option(code)
    #expect(outcome.types == [-1])
    #expect(outcome.replies.first?.option == code)
    #expect(peer.option(code).types == [-1])
    if code != Code.startTLS {
      #expect(peer.option(code, Array(repeating: 0xFF, count: 1000)).types == [-1])
    }
    #expect(peer.option(Code.list).types == [2, 2, 1])
  }

  @Test(
    "L3, S2, T3: options without data are refused with data",
    arguments: [Code.list, Code.structuredReply, Code.startTLS]
  )
  func unwantedData(code: UInt32) {
    var peer = NegotiationPeer()
    #expect(peer.option(code, [0]).types == [-3])
    #expect(peer.option(code, Array(repeating: 0, count: 65536)).types == [-3])
    // Nothing was agreed on by that.
    let outcome = peer.option(Code.go, exportRequest("first"))
    #expect(outcome.agreement?.form == .simple)
  }

  @Test("B1, B2: ABORT is acknowledged, with data or without", arguments: [0, 1, 1000])
  func abort(count: Int) {
    var peer = NegotiationPeer()
    let acknowledgement = wire(.u64(0x3_E889_0455_65A9), .u32(2), .u32(1), .u32(0))
    #expect(peer.option(Code.abort, Array(repeating: 1, count: count)) == .end(acknowledgement))
  }

  @Test("L1, L2: LIST names each export, with its description")
  func list() {
    var peer = NegotiationPeer()
    let expected = [
      SeenReply(option: 3, type: 2, data: wire(.u32(5), .text("firsta disk"))),
      SeenReply(option: 3, type: 2, data: wire(.u32(6), .text("second"))),
      SeenReply(option: 3, type: 1),
    ]
    #expect(peer.option(Code.list) == .replies(expected))
    #expect(peer.option(Code.list) == .replies(expected))
  }

  @Test("L1: a list of nothing is an acknowledgement")
  func emptyList() throws {
    var negotiation = Negotiation()
    _ = negotiation.receive(clientFlags: 3)
    let bytes = wire(.text("IHAVEOPT"), .u32(3), .u32(0))
    let header = try #require(OptionHeader(decoding: bytes))
    #expect(negotiation.receive(header, data: []) == .listExports)
    guard case .send(let reply) = negotiation.list([]) else {
      Issue.record("a list is sent")
      return
    }
    #expect(SeenReply.parse(reply) == [SeenReply(option: 3, type: 1)])
  }

  @Test("O10, S1, S3: STRUCTURED_REPLY may be repeated")
  func structuredRepliesTwice() {
    var peer = NegotiationPeer()
    #expect(peer.option(Code.structuredReply).types == [1])
    #expect(peer.option(Code.structuredReply).types == [1])
    #expect(peer.option(Code.structuredReply, [1]).types == [-3])
    let outcome = peer.option(Code.go, exportRequest("second"))
    #expect(outcome.agreement?.form == .structured)
    #expect(outcome.agreement?.export == NegotiationPeer.second)
  }

  @Test("O6: options are counted, and too many of them end the connection")
  func optionLimit() {
    var peer = NegotiationPeer()
    for _ in 0..<10_000 {
      guard peer.option(Code.peekExport).types == [-1] else {
        Issue.record("an option within the limit is answered")
        return
      }
    }
    #expect(peer.option(Code.abort) == .end([]))
    #expect(peer.option(Code.go, exportRequest("first")) == .end([]))
  }

  @Test(
    "O6: where there are several exports, 8 more options for each further one are answered",
    arguments: [(1, 3), (2, 11), (0, 3), (100, 795)]
  )
  func optionsPerExport(_ exportCount: Int, _ answered: Int) {
    var peer = NegotiationPeer(Negotiation(optionLimit: 3, exportCount: exportCount))
    for _ in 0..<answered { #expect(peer.option(Code.peekExport).types == [-1]) }
    #expect(peer.option(Code.abort) == .end([]))
  }

  @Test("A limit that is as large as numbers get stays one", arguments: [2, Int.max])
  func largestOptionLimit(_ exportCount: Int) {
    var peer = NegotiationPeer(Negotiation(optionLimit: .max - 1, exportCount: exportCount))
    for _ in 0..<9 { #expect(peer.option(Code.peekExport).types == [-1]) }
  }

  @Test("O7, Z2: every error carries a text of at most 4,096 bytes without NUL")
  func errorTexts() throws {
    var peer = NegotiationPeer()
    let long = String(repeating: "ä", count: 2048)
    let refused = [
      peer.option(99), peer.option(Code.list, [1]), peer.option(Code.info, []),
      peer.option(Code.go, exportRequest(long)), peer.option(Code.go, exportRequest("\0")),
      peer.option(Code.setMetaContext, contextRequest("first")),
    ]
    for outcome in refused {
      let reply = try #require(outcome.replies.last)
      #expect(reply.error != nil)
      #expect((1...4096).contains(reply.data.count))
      #expect(!reply.data.contains(0))
      #expect(String(validating: reply.data, as: UTF8.self) != nil)
    }
  }
}
