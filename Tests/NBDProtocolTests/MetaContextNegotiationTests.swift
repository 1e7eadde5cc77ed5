import NBDProtocol
import Testing

/// `LIST_META_CONTEXT` and `SET_META_CONTEXT`.
struct MetaContextNegotiationTests {
  private static let name = "base:allocation"

  /// A negotiation in which structured replies were agreed on.
  private static func structuredPeer() -> NegotiationPeer {
    var peer = NegotiationPeer()
    _ = peer.option(Code.structuredReply)
    return peer
  }

  @Test(
    "M1-M5: queries list and select what they should",
    arguments: [
      (["base:"], true, false),
      (["base:allocation"], true, true),
      (["base:allocation", "base:allocation"], true, true),
      (["qemu:dirty-bitmap:x", "base:allocation", "x:y"], true, true),
      (["base"], false, false),
      (["base:allocation:"], false, false),
      (["base:alloc"], false, false),
      (["base:allocation "], false, false),
      (["BASE:ALLOCATION"], false, false),
      (["base:*"], false, false),
      (["qemu:"], false, false),
      ([":"], false, false),
      ([""], false, false),
      (["allocation"], false, false),
      (["base:allocation\0"], false, false),
      (["nbdgen:segments", "nbdgen", "nbdgen:*"], false, false),
    ]
  )
  func queries(queries: [String], isListed: Bool, isSelected: Bool) {
    var peer = Self.structuredPeer()
    let listed = peer.option(Code.listMetaContext, contextRequest("first", queries))
    let entry = SeenReply(option: 9, type: 4, data: wire(.u32(0), .text(Self.name)))
    let acknowledgement = SeenReply(option: 9, type: 1)
    #expect(listed == .replies(isListed ? [entry, acknowledgement] : [acknowledgement]))

    let selected = peer.option(Code.setMetaContext, contextRequest("first", queries))
    #expect(selected.types == (isSelected ? [4, 1] : [1]))
    if isSelected {
      #expect(selected.replies.first?.data == wire(.u32(1), .text(Self.name)))
      #expect(MetaContext.allocation.identifier == 1)
    }
    let agreement = peer.option(Code.go, exportRequest("first")).agreement
    #expect(agreement?.contexts == (isSelected ? [.allocation] : []))
  }

  @Test("M1, M2, M11: the contexts are listed by namespace, and told apart by numbers")
  func severalContexts() {
    var peer = Self.structuredPeer()
    let second = "nbdgen:segment"
    func names(_ outcome: Outcome) -> [String] {
      outcome.replies.filter { $0.type == 4 }.map {
        String(decoding: $0.data.dropFirst(4), as: UTF8.self)
      }
    }
    for (queries, expected) in [
      ([], [Self.name, second]), (["base:", "nbdgen:"], [Self.name, second]),
      (["nbdgen:"], [second]), ([second, second], [second]),
    ] {
      #expect(
        names(peer.option(Code.listMetaContext, contextRequest("first", queries))) == expected
      )
    }
    let selected = peer.option(Code.setMetaContext, contextRequest("first", [second, Self.name]))
    #expect(
      selected.replies.dropLast().map { Array($0.data.prefix(4)) } == [
        wire(.u32(1)), wire(.u32(2)),
      ]
    )
    #expect(names(selected) == [Self.name, second])
    #expect(
      peer.option(Code.go, exportRequest("first")).agreement?.contexts == [.allocation, .segment]
    )
  }

  @Test("M5, M6: whatever follows a selection replaces it, also when it fails")
  func replacing() {
    let selecting = contextRequest("first", [Self.name])
    let followers: [([UInt8], [Int])] = [
      (contextRequest("first"), [1]),
      (contextRequest("first", ["base:"]), [1]),
      (contextRequest("first", ["x:y"]), [1]),
      (contextRequest("third", ["base:allocation"]), [-6]),
      (selecting + [0], [-3]),
      (contextRequest("fir\0t", ["base:allocation"]), [-3]),
      ([], [-3]),
      (contextRequest(String(repeating: "n", count: 4097)), [-3]),
    ]
    for (data, types) in followers {
      var peer = Self.structuredPeer()
      #expect(peer.option(Code.setMetaContext, selecting).types == [4, 1])
      #expect(peer.option(Code.setMetaContext, data).types == types)
      #expect(peer.option(Code.go, exportRequest("first")).agreement?.contexts == [])
    }
  }

  @Test("M6, O10: nothing but SET_META_CONTEXT replaces a selection")
  func otherOptionsKeepTheSelection() {
    var peer = Self.structuredPeer()
    _ = peer.option(Code.setMetaContext, contextRequest("first", [Self.name]))
    _ = peer.option(Code.listMetaContext, contextRequest("second", ["x:y"]))
    _ = peer.option(Code.listMetaContext, [1])
    _ = peer.option(Code.structuredReply)
    _ = peer.option(Code.structuredReply, [1])
    _ = peer.option(Code.info, exportRequest("second"))
    _ = peer.option(Code.go, exportRequest("third"))
    _ = peer.option(Code.startTLS)
    _ = peer.option(Code.extendedHeaders)
    _ = peer.option(Code.list)
    #expect(peer.option(Code.go, exportRequest("first")).agreement?.contexts == [.allocation])
  }

  @Test("M8: a selection counts for the export name that it was made for only")
  func otherExport() {
    for (selected, used, counts) in [
      ("first", "first", true), ("second", "second", true), ("", "", true),
      ("first", "second", false), ("first", "", false), ("", "first", false),
    ] {
      for usesGo in [true, false] {
        var peer = Self.structuredPeer()
        #expect(peer.option(10, contextRequest(selected, [Self.name])).types == [4, 1])
        let outcome =
          usesGo ? peer.option(7, exportRequest(used)) : peer.option(1, wire(.text(used)))
        #expect(outcome.agreement?.contexts == (counts ? [.allocation] : []))
      }
    }
  }

  @Test("M7: selecting needs structured replies, listing does not")
  func withoutStructuredReplies() {
    var peer = NegotiationPeer()
    #expect(peer.option(10, contextRequest("first", [Self.name])).types == [-3])
    #expect(peer.option(9, contextRequest("first", [Self.name])).types == [4, 1])
    _ = peer.option(Code.structuredReply)
    #expect(peer.option(Code.go, exportRequest("first")).agreement?.contexts == [])
  }

  @Test("M9: an unknown export has no contexts", arguments: [9, 10] as [UInt32])
  func unknownExport(code: UInt32) {
    var peer = Self.structuredPeer()
    #expect(peer.option(code, contextRequest("third", [Self.name])).types == [-6])
    #expect(peer.option(code, contextRequest("", [Self.name])).types == [4, 1])
  }

  @Test("M10: data whose lengths do not agree is refused", arguments: [9, 10] as [UInt32])
  func malformed(code: UInt32) {
    let valid = contextRequest("first", [Self.name, "x:y"])
    var wrong: [[UInt8]] = (0..<valid.count).map { Array(valid.prefix($0)) }
    wrong.append(valid + [0])
    wrong.append(valid + wire(.u32(0)))
    for length: UInt32 in [0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFC, .max] {
      wrong.append(wire(.u32(length)) + valid.dropFirst(4))
      wrong.append(wire(.u32(5), .text("first"), .u32(length)) + valid.dropFirst(13))
      wrong.append(wire(.u32(5), .text("first"), .u32(1), .u32(length), .text("x:y")))
    }
    var peer = Self.structuredPeer()
    for data in wrong { #expect(peer.option(code, data).types == [-3], "\(data)") }
    #expect(peer.option(code, valid).types == [4, 1])
  }

  @Test("M12, Z1: queries have at most 4,096 bytes each", arguments: [9, 10] as [UInt32])
  func longQueries(code: UInt32) {
    var peer = Self.structuredPeer()
    let longest = "x:" + String(repeating: "q", count: 4094)
    let both = contextRequest("first", [longest, Self.name])
    #expect(peer.option(code, both).types == [4, 1])
    #expect(peer.option(code, contextRequest("first", [longest + "q"])).types == [-3])
    let many = Array(repeating: Self.name, count: 3000)
    #expect([[4, 1], [-9]].contains(peer.option(code, contextRequest("first", many)).types))
  }
}
