import NBDProtocol
import Testing

/// `EXPORT_NAME`, `INFO` and `GO`.
struct ExportNegotiationTests {
  /// Size and transmission flags of the first export.
  private static let plain = wire(.u64(0x123_4567), .u16(0x50F))
  private static let withDF = wire(.u64(0x123_4567), .u16(0x58F))

  @Test("X1-X3, I8: 124 zeros follow EXPORT_NAME, unless the client declined", arguments: 0..<4)
  func zeros(flags: UInt32) {
    var peer = NegotiationPeer(flags: flags)
    let zeros = [UInt8](repeating: 0, count: flags & 2 == 0 ? 124 : 0)
    guard case .transmission(let bytes, let agreement) = peer.option(1, wire(.text("first")))
    else {
      Issue.record("the export can be used")
      return
    }
    #expect(bytes == Self.plain + zeros)
    #expect(agreement.export == NegotiationPeer.first)
    #expect(agreement.form == .simple && agreement.contexts.isEmpty)

    var going = NegotiationPeer(flags: flags)
    guard case .transmission(let replies, _) = going.option(7, exportRequest("first")) else {
      Issue.record("the export can be used")
      return
    }
    let expected = [
      SeenReply(option: 7, type: 3, data: wire(.u16(0)) + Self.plain),
      SeenReply(option: 7, type: 1),
    ]
    #expect(SeenReply.parse(replies) == expected)
  }

  @Test("X4: an EXPORT_NAME that cannot be honoured gets no answer")
  func refusedExportName() {
    let names: [[UInt8]] = [
      wire(.text("third")), wire(.text("firs")), wire(.text("first "), .bytes([0xFF])),
      wire(.text("first"), .bytes([0])), [0], Array(repeating: 97, count: 4096),
      Array(repeating: 97, count: 4097), Array(repeating: 97, count: 65536),
    ]
    for name in names {
      var peer = NegotiationPeer()
      #expect(peer.option(Code.exportName, name) == .end([]))
    }
  }

  @Test("X5, X6: EXPORT_NAME keeps what was agreed on, and takes the empty name")
  func exportNameAfterOptions() {
    var peer = NegotiationPeer()
    _ = peer.option(Code.structuredReply)
    _ = peer.option(Code.setMetaContext, contextRequest("", ["base:allocation"]))
    guard case .transmission(let bytes, let agreement) = peer.option(Code.exportName) else {
      Issue.record("the default export can be used")
      return
    }
    #expect(bytes == Self.withDF)
    #expect(agreement.export.name == Array("first".utf8) && agreement.form == .structured)
    #expect(agreement.contexts == [.allocation])
  }

  @Test("I1, I5, I6, I9, Z5: information comes once each, and only when asked for")
  func information() {
    let export = wire(.u16(0)) + Self.plain
    let name = wire(.u16(1), .text("first"))
    let description = wire(.u16(2), .text("a disk"))
    let sizes = wire(.u16(3), .u32(1), .u32(4096), .u32(1 << 26))
    let table: [([UInt16], [[UInt8]])] = [
      ([], [export]), ([0], [export]), ([0, 0, 0], [export]), ([1], [export, name]),
      ([2], [export, description]), ([3], [export, sizes]), ([3, 3], [export, sizes]),
      ([4, 1000, 0xFFFF], [export]), ([3, 2, 1, 0, 9], [export, name, description, sizes]),
    ]
    for (asked, expected) in table {
      for code in [Code.info, Code.go] {
        var peer = NegotiationPeer()
        let outcome = peer.option(code, exportRequest("first", asked))
        let seen =
          if case .transmission(let bytes, _) = outcome { SeenReply.parse(bytes) ?? [] } else {
            outcome.replies
          }
        #expect(seen.map(\.option) == Array(repeating: code, count: expected.count + 1))
        #expect(seen.map(\.data) == expected + [[]])
        #expect(seen.map(\.type) == Array(repeating: 3, count: expected.count) + [1])
      }
    }
  }

  @Test("I5: an export without a description gives none")
  func noDescription() {
    var peer = NegotiationPeer()
    #expect(peer.option(Code.info, exportRequest("second", [2])).types == [3, 1])
  }

  @Test("I2, F2: SEND_DF comes with structured replies, in INFO as in GO")
  func dontFragment() {
    var peer = NegotiationPeer()
    #expect(peer.option(6, exportRequest("")).replies.first?.data == wire(.u16(0)) + Self.plain)
    _ = peer.option(Code.structuredReply)
    #expect(peer.option(6, exportRequest("")).replies.first?.data == wire(.u16(0)) + Self.withDF)
  }

  @Test("I3, I4: an unknown export is refused without information, and others can be used")
  func unknownExport() {
    var peer = NegotiationPeer()
    for name in ["third", "FIRST", "firs", "first/", " "] {
      #expect(peer.option(Code.info, exportRequest(name, [0, 1, 2, 3])).types == [-6])
      #expect(peer.option(Code.go, exportRequest(name, [0, 1, 2, 3])).types == [-6])
    }
    #expect(peer.option(Code.go, exportRequest("second")).agreement?.export.size == .max)
  }

  @Test("I11: the empty name is the default export")
  func emptyName() {
    var peer = NegotiationPeer()
    let reply = peer.option(Code.info, exportRequest("", [1])).replies.dropFirst().first
    #expect(reply?.data == wire(.u16(1), .text("first")))
  }

  @Test("I10: data whose lengths do not agree is refused", arguments: [Code.info, Code.go])
  func malformed(code: UInt32) {
    let valid = exportRequest("first", [0, 3])
    var wrong: [[UInt8]] = (0..<valid.count).map { Array(valid.prefix($0)) }
    wrong.append(valid + [0])
    wrong.append(valid + [0, 0])
    for length: UInt32 in [4, 6, 8, 10, 12, 0x7FFF_FFFF, 0x8000_0000, .max] {
      wrong.append(wire(.u32(length)) + valid.dropFirst(4))
    }
    for count: UInt16 in [0, 1, 3, 0x7FFF, .max] {
      wrong.append(wire(.u32(5), .text("first"), .u16(count), .u16(0), .u16(3)))
    }
    var peer = NegotiationPeer()
    for data in wrong { #expect(peer.option(code, data).types == [-3], "\(data)") }
    #expect(peer.option(Code.info, valid).types == [3, 3, 1])
  }

  @Test("Z1, Z2: names have at most 4,096 bytes and no NUL")
  func names() {
    var peer = NegotiationPeer()
    let longest = String(repeating: "n", count: 4096)
    #expect(peer.option(Code.go, exportRequest(longest)).types == [-6])
    #expect(peer.option(Code.go, exportRequest(longest + "n")).types == [-3])
    #expect(peer.option(Code.go, exportRequest("first\0")).types == [-3])
    #expect(peer.option(Code.go, exportRequest("\0")).types == [-3])
    let invalid = wire(.u32(2), .bytes([0xC3, 0x28]), .u16(0))
    #expect([[-3], [-6]].contains(peer.option(Code.go, invalid).types))
    #expect(peer.option(Code.listMetaContext, contextRequest(longest)).types == [-6])
    #expect(peer.option(Code.listMetaContext, contextRequest(longest + "n")).types == [-3])
    #expect(peer.option(Code.listMetaContext, contextRequest("first\0")).types == [-3])
  }
}
