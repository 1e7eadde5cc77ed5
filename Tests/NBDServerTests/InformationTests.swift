import DiskModel
import NBDServer
import TestSupport
import Testing

extension ServerTests {
  /// INFO and GO, and the default export.
  struct InformationTests {
    private static func server() throws -> RunningServer {
      try RunningServer([
        Export(name: "first", description: "a disk", disk: Disk([1, 2, 3])),
        Export(name: "second", description: "", disk: Disk([4, 5])),
      ])
    }

    @Test(
      "I1, I2, I5, I6, I9: INFO tells what is asked for, once, and GO the same",
      arguments: [[], [0], [3], [3, 3], [1, 2], [4], [3, 2, 1, 0, 9, 1000, 3, 0xFFFF]] as [[UInt16]]
    )
    func information(requests: [UInt16]) throws {
      let server = try Self.server()
      for isExtended in [false, true] {
        let client = try server.negotiating()
        if isExtended { try client.negotiateExtendedHeaders() }
        // The client throws at information that comes twice, or is of the wrong size.
        let info = try client.info(name: "first", requests: requests)
        #expect(info.size == 3)
        #expect((info.blockSizes != nil) == requests.contains(NBD.Info.blockSize))
        #expect(info.name == (requests.contains(NBD.Info.name) ? "first" : nil))
        #expect(info.description == (requests.contains(NBD.Info.description) ? "a disk" : nil))
        #expect(info.unknown.isEmpty)
        #expect(try client.listExports().count == 2)
        #expect(try client.info(name: "second", requests: requests).size == 2)
        #expect(try client.go(name: "first", requests: requests) == info)
        #expect(try client.read(offset: 0, length: 3).bytes == [1, 2, 3])
      }
    }

    @Test("I3, I4, O8: an unknown export is refused without information, and another one is not")
    func unknownExport() throws {
      let server = try Self.server()
      let client = try server.negotiating()
      for name in ["third", "FIRST", "firs", "first ", " "] {
        for code in [NBD.Option.info, NBD.Option.go] {
          let data = NBDTestClient.infoData(name: Array(name.utf8), requests: [0, 1, 2, 3])
          let replies = try client.option(code, data)
          #expect(replies.map(\.type) == [NBD.OptionReplyType.unknown], "\(code) \(name)")
        }
      }
      try client.go(name: "second")
      #expect(try client.read(offset: 0, length: 2).bytes == [4, 5])
    }

    @Test("I11, X6: the empty name is the default export, in whatever way it is opened")
    func defaultExport() throws {
      let server = try Self.server()
      let client = try server.negotiating()
      #expect(try client.info(requests: [NBD.Info.name]).name == "first")
      try client.go()
      let old = try server.negotiating()
      #expect(try old.exportName("").size == 3)
      for client in [client, old] {
        #expect(try client.read(offset: 0, length: 3).bytes == [1, 2, 3])
      }
    }

    @Test("I12, E4: with extended headers INFO and GO do what they do without")
    func extendedHeaders() throws {
      let server = try Self.server()
      let client = try server.negotiating()
      try client.negotiateExtendedHeaders()
      for code in [NBD.Option.info, NBD.Option.go] {
        let data = NBDTestClient.infoData(name: Array("third".utf8))
        #expect(try client.option(code, data).map(\.type) == [NBD.OptionReplyType.unknown])
      }
      let info = try client.info(name: "second")
      #expect(info.size == 2 && info.has(NBD.TransmissionFlag.sendDF))
      #expect(try client.go(name: "second", requests: []) == info)
      #expect(try client.read(offset: 0, length: 2).bytes == [4, 5])
    }
  }
}
