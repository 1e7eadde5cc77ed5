import DiskModel
import NBDServer
import TestSupport
import Testing

extension ServerTests {
  /// What was negotiated, as the second phase shows it.
  struct AgreementTests {
    private static let readOnlyFlags: UInt16 =
      NBD.TransmissionFlag.hasFlags | NBD.TransmissionFlag.readOnly
      | NBD.TransmissionFlag.sendFlush | NBD.TransmissionFlag.sendFUA
      | NBD.TransmissionFlag.canMultiConn | NBD.TransmissionFlag.sendCache

    private static func server() throws -> RunningServer {
      let other = Export(name: "other", description: "", disk: Disk([7]))
      return try RunningServer([
        Export(name: "disk", description: "", disk: Disk([1, 2, 3])), other,
      ])
    }

    @Test("X1, X2, X3: EXPORT_NAME is answered with or without zeros", arguments: 0..<4)
    func exportName(flags: UInt32) throws {
      let server = try Self.server()
      let client = try server.negotiating(flags: flags)
      let answer = try client.exportName("disk")
      #expect(answer.size == 3 && answer.flags == Self.readOnlyFlags)
      #expect(try client.read(offset: 0, length: 3).bytes == [1, 2, 3])
    }

    @Test("X5: EXPORT_NAME keeps structured replies and contexts")
    func exportNameAfterOptions() throws {
      let server = try Self.server()
      let client = try server.negotiating()
      try client.negotiateStructuredReplies()
      try client.setMetaContexts(name: "disk", ["base:allocation"])
      try client.exportName("disk")
      #expect(try client.read(offset: 0, length: 3).chunks.map(\.length) == [3])
      #expect(try client.blockStatus(offset: 0, length: 3)[1]?.map(\.length) == [3])
    }

    @Test("I8: nothing follows the replies to GO", arguments: 0..<4)
    func go(flags: UInt32) throws {
      let server = try Self.server()
      let client = try server.negotiating(flags: flags)
      try client.go(name: "disk")
      #expect(try client.isSilent(for: 0.2))
      #expect(try client.read(offset: 0, length: 3).bytes == [1, 2, 3])
    }

    @Test("I6, I7, Z5-Z7: block sizes are told when asked for, and are the defaults")
    func blockSizes() throws {
      let server = try Self.server()
      let client = try server.negotiating()
      #expect(try client.info(name: "disk").blockSizes == nil)
      let sizes = try #require(try client.info(name: "disk", requests: [3]).blockSizes)
      #expect(sizes.minimum == 1 && sizes.preferred == 4096 && sizes.maximum >= 1 << 25)
      try client.go(name: "disk", requests: [])
    }

    @Test("F1-F4, F6, F7, F10: the transmission flags are those of a read-only disk")
    func flags() throws {
      let server = try Self.server()
      let client = try server.negotiating()
      #expect(try client.info(name: "disk").flags == Self.readOnlyFlags)
      try client.negotiateStructuredReplies()
      try client.setMetaContexts(name: "disk", ["base:allocation"])
      let withDF = Self.readOnlyFlags | NBD.TransmissionFlag.sendDF
      #expect(try client.info(name: "disk").flags == withDF)
      #expect(try client.go(name: "disk").flags == withDF)
    }

    @Test("F7: several connections see the same bytes")
    func severalConnections() throws {
      let server = try RunningServer(Disk.of(PatternSource(), size: 1 << 16))
      let clients = try (0..<4).map { _ in try server.connect() }
      let replies = try clients.map { try $0.read(offset: 0, length: 1 << 16).bytes }
      #expect(Set(replies) == [PatternSource.bytes(0..<1 << 16)])
    }

    @Test("S1, E13, R4, R7: structured replies come to those who asked for them")
    func structuredReplies() throws {
      let server = try Self.server()
      // The client throws at a reply of the other kind.
      #expect(try server.connect(structured: false).read(offset: 0, length: 1).chunks.isEmpty)
      #expect(try server.connect(structured: true).read(offset: 0, length: 1).chunks.count == 1)
    }

    @Test("O10, S2, S3: STRUCTURED_REPLY with data is refused, and may be repeated without")
    func structuredReplyOption() throws {
      let server = try Self.server()
      let client = try server.negotiating()
      let invalid = NBD.OptionReplyType.invalid
      #expect(try client.option(NBD.Option.structuredReply, [0]).map(\.type) == [invalid])
      #expect(try client.info(name: "disk").has(NBD.TransmissionFlag.sendDF) == false)
      try client.negotiateStructuredReplies()
      try client.negotiateStructuredReplies()
      #expect(try client.option(NBD.Option.structuredReply, [0]).map(\.type) == [invalid])
      try client.go(name: "disk")
      #expect(try client.read(offset: 0, length: 3).chunks.count == 1)
    }

    @Test("M1-M5, M11, E12: contexts are listed without numbers, and selected with one")
    func contexts() throws {
      let server = try Self.server()
      let client = try server.negotiating()
      for (queries, names) in [
        ([], ["base:allocation", "nbdgen:segment"]),
        (["base:"], ["base:allocation"]), (["base:allocation"], ["base:allocation"]),
        (["nbdgen:"], ["nbdgen:segment"]), (["nbdgen:segment"], ["nbdgen:segment"]),
      ] {
        let listed = try client.listMetaContexts(name: "disk", queries)
        #expect(listed.map(\.name) == names && listed.allSatisfy { $0.id == 0 })
      }
      #expect(try client.listMetaContexts(name: "disk", ["base:x", "qemu:", "x"]) == [])
      try client.negotiateStructuredReplies()
      let twice = ["base:allocation", "qemu:allocation-depth", "base:allocation"]
      #expect(try client.setMetaContexts(name: "disk", twice).count == 1)
      #expect(try client.setMetaContexts(name: "disk", ["base:", "nbdgen:"]) == [])
      let both = try client.setMetaContexts(name: "disk", ["nbdgen:segment", "base:allocation"])
      #expect(Set(both.map(\.id)).count == 2)
    }

    @Test("M5, M6, M8, A1: block status needs a selection for the export that is used")
    func selection() throws {
      let server = try Self.server()
      typealias Step = (NBDTestClient) throws -> Void
      let select: Step = { try $0.setMetaContexts(name: "disk", ["base:allocation"]) }
      let losses: [Step] = [
        { try $0.setMetaContexts(name: "disk", []) },
        { try $0.setMetaContexts(name: "other", ["base:allocation"]) },
        { _ = try? $0.setMetaContexts(name: "third", ["base:allocation"]) },
        { client in
          _ = try client.option(NBD.Option.setMetaContext, [0])
          client.forgetContexts()
        },
      ]
      for (index, loss) in losses.enumerated() {
        let client = try server.negotiating()
        try client.negotiateStructuredReplies()
        try select(client)
        try loss(client)
        try client.go(name: "disk")
        let refusal = #expect(throws: RequestFailed.self, "\(index)") {
          try client.blockStatus(offset: 0, length: 1)
        }
        #expect(refusal?.code == NBD.ErrorNumber.einval)
      }
    }
  }
}

extension NBDTestClient {
  /// Has the client expect no block status, by a selection of nothing.
  fileprivate func forgetContexts() { _ = try? setMetaContexts(name: "disk", []) }
}
