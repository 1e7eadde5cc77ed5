import DiskModel
import NBDServer
import TestSupport
import Testing

extension ServerTests {
  /// What options get that the server refuses, or gets twice.
  struct OptionReplyTests {
    private static func server() throws -> RunningServer {
      try RunningServer([
        Export(name: "first", description: "", disk: Disk([1, 2, 3])),
        Export(name: "second", description: "", disk: Disk([4, 5])),
      ])
    }

    private static let invalid = NBD.OptionReplyType.invalid

    /// Options that want no data, or other data than a repeated `ABORT`, and those
    /// that are not known.
    private static let refusals: [(code: UInt32, type: UInt32)] = [
      (NBD.Option.list, invalid), (NBD.Option.startTLS, invalid), (NBD.Option.info, invalid),
      (NBD.Option.go, invalid), (NBD.Option.structuredReply, invalid),
      (NBD.Option.listMetaContext, invalid), (NBD.Option.setMetaContext, invalid),
      (NBD.Option.extendedHeaders, invalid), (NBD.Option.peekExport, unsupported),
      (0, unsupported), (12, unsupported), (.max, unsupported),
    ]

    private static let unsupported = NBD.OptionReplyType.unsupported

    @Test(
      "O1-O3, O7, L3, P1, S2, T3, E2: data is refused with one error, and the next option parses",
      arguments: [1, 15, 16, 1000, 65536]
    )
    func refusedData(count: Int) throws {
      let server = try Self.server()
      let client = try server.negotiating()
      let tempting = NBDTestClient.optionBytes(NBD.Option.abort)
      let data = Array((0...count / 16).flatMap { _ in tempting }.prefix(count))
      // All at once: what is left over of one would begin the next.
      let list = NBDTestClient.optionBytes(NBD.Option.list)
      try client.send(
        Self.refusals.flatMap { NBDTestClient.optionBytes($0.code, data: data) + list }
      )
      for (code, type) in Self.refusals {
        let replies = try client.readOptionReplies(to: code)
        #expect(replies.map(\.type) == [type], "option \(code)")
        #expect(replies.last?.data.isEmpty == false, "option \(code) has no text")
        #expect(try client.readOptionReplies(to: NBD.Option.list).count == 3)
      }
      // Nothing was agreed on: the client takes simple replies only.
      #expect(try !client.go().has(NBD.TransmissionFlag.sendDF))
      #expect(try client.read(offset: 0, length: 3).bytes == [1, 2, 3])
    }

    @Test("O7, Z1, Z2: a long text is cut between its characters", arguments: 0..<4)
    func longText(shift: Int) throws {
      // Each character has three bytes, or four.
      for character in ["\u{20AC}", "\u{1F427}"] {
        let text = String(repeating: "x", count: shift) + String(repeating: character, count: 2000)
        let recipe = SessionDisk(isSameForAll: true) { _ throws(SessionDiskError) in
          throw SessionDiskError(text)
        }
        let export = Export(name: "", description: "", content: .perSession(recipe))
        let server = try RunningServer([export], other: export)
        let client = try server.negotiating()
        // The client throws at what is not UTF-8 or too long.
        let refusal = #expect(throws: OptionRefused.self) { try client.info(name: "x") }
        let message = try #require(refusal?.message)
        #expect(text.hasPrefix(message) && (4093...4096).contains(message.utf8.count))
      }
    }

    @Test("O10, S3, E3, M6: what is agreed on stays when it is agreed on again")
    func repetition() throws {
      let server = try Self.server()
      for isExtended in [false, true] {
        let client = try server.negotiating()
        let agree = {
          try isExtended ? client.negotiateExtendedHeaders() : client.negotiateStructuredReplies()
        }
        try agree()
        try client.setMetaContexts(name: "first", ["base:allocation"])
        try agree()
        _ = try client.option(NBD.Option.structuredReply)
        _ = try client.listMetaContexts(name: "second")
        #expect(try client.option(NBD.Option.structuredReply, [1]).last?.isError == true)
        try client.go(name: "first")
        let status = try client.blockStatus(offset: 0, length: 3)
        #expect(status.values.map { $0.map(\.length) } == [[3]])
        #expect(try client.read(offset: 0, length: 3).chunks.count == 1)
      }
    }

    @Test("I10: lengths that do not agree are refused, and the next option parses")
    func malformedInformation() throws {
      let server = try Self.server()
      let client = try server.negotiating()
      let valid = NBDTestClient.infoData(name: Array("first".utf8), requests: [0, 3])
      var wrong = (0..<valid.count).map { Array(valid.prefix($0)) }
      for count in 1...2 { wrong.append(valid + Array(repeating: 0, count: count)) }
      for length: UInt32 in [0, 4, 6, 10, 0x7FFF_FFFF, 0x8000_0000, .max] {
        wrong.append(Self.replacing(valid, at: 0, length))
      }
      for count: UInt8 in [0, 1, 3, 255] {
        wrong.append(Array(valid[..<10]) + [count] + Array(valid[11...]))
      }
      for data in wrong {
        for code in [NBD.Option.info, NBD.Option.go] {
          #expect(try client.option(code, data).map(\.type) == [Self.invalid], "\(code) \(data)")
        }
      }
      #expect(try client.option(NBD.Option.go, valid).map(\.type) == [3, 3, 1])
    }

    @Test("M10: lengths that do not agree are refused, and the next option parses")
    func malformedContexts() throws {
      let server = try Self.server()
      let client = try server.negotiating()
      try client.negotiateStructuredReplies()
      let queries = ["base:allocation", "x:y"].map { Array($0.utf8) }
      let valid = NBDTestClient.metaContextData(name: Array("first".utf8), queries: queries)
      var wrong = (0..<valid.count).map { Array(valid.prefix($0)) }
      wrong.append(valid + [0])
      for length: UInt32 in [0, 4, 100, 0x7FFF_FFFF, 0x8000_0000, .max] {
        // The lengths of the name and of the first query, and the number of queries.
        for index in [0, 9, 13] { wrong.append(Self.replacing(valid, at: index, length)) }
      }
      for data in wrong {
        for code in [NBD.Option.listMetaContext, NBD.Option.setMetaContext] {
          #expect(try client.option(code, data).map(\.type) == [Self.invalid], "\(code) \(data)")
        }
      }
      #expect(try client.option(NBD.Option.setMetaContext, valid).map(\.type) == [4, 1])
    }

    /// The data with another number of 32 bits at an index.
    private static func replacing(_ data: [UInt8], at index: Int, _ number: UInt32) -> [UInt8] {
      var bytes = Array(data[..<index])
      bytes.append(u32: number)
      return bytes + data[(index + 4)...]
    }

    @Test("M7, M9: contexts are for those who have structured replies, and of exports that exist")
    func contextsTooEarly() throws {
      let server = try Self.server()
      let client = try server.negotiating()
      let refused = { (code: UInt32, name: String) throws -> UInt32? in
        let data = NBDTestClient.metaContextData(
          name: Array(name.utf8),
          queries: [Array("base:allocation".utf8)]
        )
        return try client.option(code, data).first { $0.isError }?.type
      }
      let (set, list) = (NBD.Option.setMetaContext, NBD.Option.listMetaContext)
      #expect(try refused(set, "first") == Self.invalid)
      #expect(try refused(list, "first") == nil)
      try client.negotiateStructuredReplies()
      for code in [set, list] {
        #expect(try refused(code, "third") == NBD.OptionReplyType.unknown)
        #expect(try refused(code, "") == nil)
      }
      // What was refused is not selected later.
      let other = try server.negotiating()
      #expect(throws: OptionRefused.self) { try other.setMetaContexts(["base:allocation"]) }
      try other.negotiateStructuredReplies()
      try other.go()
      let failure = #expect(throws: RequestFailed.self) {
        try other.blockStatus(offset: 0, length: 1)
      }
      #expect(failure?.code == NBD.ErrorNumber.einval)
    }

    @Test("M4, M12, Z1, Z3: strings may have 4,096 bytes, and queries be many")
    func longStrings() throws {
      let server = try Self.server()
      let client = try server.negotiating()
      try client.negotiateStructuredReplies()
      let longest = String(repeating: "n", count: 4096)
      func type(_ code: UInt32, _ data: [UInt8]) throws -> UInt32? {
        try client.option(code, data).last?.type
      }
      let unknown = NBD.OptionReplyType.unknown
      for code in [NBD.Option.info, NBD.Option.go] {
        #expect(try type(code, NBDTestClient.infoData(name: Array(longest.utf8))) == unknown)
        let longer = NBDTestClient.infoData(name: Array(longest.utf8) + [0x6E])
        #expect(try type(code, longer) == Self.invalid)
        #expect(try type(code, NBDTestClient.infoData(name: [0x66, 0])) == Self.invalid)
      }
      #expect(throws: OptionRefused.self) { try client.listMetaContexts([longest + "n"]) }
      #expect(throws: OptionRefused.self) { try client.setMetaContexts(name: longest + "n", []) }
      let known = "base:allocation"
      let long = Array(repeating: longest, count: 14) + [known]
      let many = Array(repeating: "x", count: 10_000) + [known]
      for queries in [long, many] {
        #expect(try client.listMetaContexts(queries).map(\.name) == [known])
        #expect(try client.setMetaContexts(queries).map(\.name) == [known])
      }
      try client.go()
      #expect(try client.blockStatus(offset: 0, length: 1).count == 1)
    }
  }
}
