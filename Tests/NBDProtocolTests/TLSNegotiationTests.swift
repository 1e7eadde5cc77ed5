import NBDProtocol
import Testing

struct TLSNegotiationTests {
  /// A negotiation that goes on under TLS.
  private static func encrypted(_ tls: TLSMode) -> NegotiationPeer {
    var peer = NegotiationPeer(tls: tls)
    #expect(peer.option(Code.startTLS) == .encryption([SeenReply(option: 5, type: 1)]))
    #expect(peer.negotiation.isEncrypted)
    return peer
  }

  @Test("T5, T6: TLS is started once", arguments: [TLSMode.optional, .required])
  func start(tls: TLSMode) {
    var peer = Self.encrypted(tls)
    #expect(peer.option(Code.startTLS).types == [-3])
    #expect(peer.option(Code.startTLS, [1]).types == [-3])
    #expect(peer.option(Code.list).types == [2, 2, 1])
    #expect(peer.option(Code.go, exportRequest("first")).agreement?.form == .simple)
  }

  @Test("T3: STARTTLS with data starts nothing", arguments: TLSMode.allCases)
  func data(tls: TLSMode) {
    var peer = NegotiationPeer(tls: tls)
    for count in [1, 4, 65536] {
      #expect(peer.option(Code.startTLS, Array(repeating: 0, count: count)).types == [-3])
    }
    #expect(!peer.negotiation.isEncrypted)
    #expect(peer.option(Code.list).types == (tls == .required ? [-5] : [2, 2, 1]))
  }

  @Test(
    "T4: where TLS is required every other option is refused before, and EXPORT_NAME the end",
    arguments: [0, 3, 4, 6, 7, 8, 9, 10, 11, 12, 1 << 31, .max] as [UInt32]
  )
  func required(code: UInt32) {
    var peer = NegotiationPeer(tls: .required)
    for data in [[], exportRequest("first"), exportRequest("third"), [1, 2, 3]] {
      let outcome = peer.option(code, data)
      #expect(outcome.types == [-5])
      #expect(outcome.replies.map(\.option) == [code])
    }
    var other = peer
    #expect(other.option(Code.exportName, wire(.text("first"))) == .end([]))
    other = peer
    let acknowledgement = wire(.u64(0x3_E889_0455_65A9), .u32(2), .u32(1), .u32(0))
    #expect(other.option(Code.abort) == .end(acknowledgement))
    #expect(peer.option(Code.startTLS).types == [1])
    #expect(peer.option(Code.go, exportRequest("first")).agreement != nil)
  }

  @Test("T7: what was agreed on in the clear is forgotten", arguments: [8, 11] as [UInt32])
  func forgotten(code: UInt32) {
    var peer = NegotiationPeer(tls: .optional)
    #expect(peer.option(code).types == [1])
    #expect(peer.option(10, contextRequest("first", ["base:allocation"])).types == [4, 1])
    #expect(peer.option(Code.startTLS).types == [1])
    var old = peer
    let agreement = peer.option(Code.go, exportRequest("first")).agreement
    #expect(agreement?.form == .simple)
    #expect(agreement?.contexts == [])
    // EXPORT_NAME is for clients without extended headers, which this now is.
    #expect(old.option(Code.exportName, wire(.text("first"))).agreement?.form == .simple)
    // Nor does agreeing on it again bring the contexts back.
    var again = Self.encrypted(.optional)
    #expect(again.option(code).types == [1])
    #expect(again.option(Code.go, exportRequest("first")).agreement?.contexts == [])
  }

  @Test("T1, T2: a server without TLS asks nobody for it")
  func off() {
    var peer = NegotiationPeer()
    #expect(peer.option(Code.startTLS).types == [-1])
    #expect(peer.option(Code.info, exportRequest("first")).types == [3, 1])
    #expect(!peer.negotiation.isEncrypted)
  }

  @Test("G7, O11, T2: without fixed newstyle there is no TLS", arguments: [0, 2] as [UInt32])
  func notFixed(flags: UInt32) {
    var optional = NegotiationPeer(flags: flags, tls: .optional)
    #expect(optional.option(Code.startTLS).types == [-1])
    #expect(optional.option(Code.exportName, wire(.text("first"))).agreement != nil)
    // Nor is it asked for TLS; but it gets nothing without.
    var required = NegotiationPeer(flags: flags, tls: .required)
    #expect(required.option(Code.startTLS).types == [-1])
    #expect(required.option(Code.list).types == [-2])
    #expect(required.option(Code.go, exportRequest("first")).types == [-2])
    #expect(required.option(Code.exportName, wire(.text("first"))) == .end([]))
  }
}
