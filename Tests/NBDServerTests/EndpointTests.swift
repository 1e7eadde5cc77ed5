import DiskModel
import NBDServer
import TestSupport
import Testing

extension ServerTests {
  /// Where a server listens.
  struct EndpointTests {
    @Test("an endpoint that is taken is refused with a reason", arguments: [false, true])
    func taken(isTCP: Bool) throws {
      let server = try RunningServer(Disk([1]), isTCP: isTCP)
      let failure = #expect(throws: ServerError.self) {
        try NBDServer(on: server.server.endpoint, catalog: ExportCatalog([]), logger: .silent)
      }
      #expect(failure?.endpoint == server.server.endpoint)
      try server.checkService()
    }

    @Test("a path that is too long for a socket is refused with its limit", arguments: 100..<112)
    func longPath(count: Int) throws {
      let folder = try TemporaryDirectory()
      let path = folder(String(repeating: "s", count: count - folder.path.utf8.count - 1))
      let catalog = ExportCatalog([])
      do {
        let server = try NBDServer(on: .unix(path: path), catalog: catalog, logger: .silent)
        defer { server.stop() }
        #expect(try NBDTestClient(unixPath: path).readGreeting().flags == 3)
        #expect(count <= 107)
      } catch let error as ServerError {
        #expect(error.problem.contains("a socket's path has at most"), "\(error)")
        #expect(count > 107)
      }
    }

    @Test("a socket in a folder that does not exist is refused")
    func noFolder() throws {
      let folder = try TemporaryDirectory()
      let endpoint = Endpoint.unix(path: folder("no/folder"))
      let failure = #expect(throws: ServerError.self) {
        try NBDServer(on: endpoint, catalog: ExportCatalog([]), logger: .silent)
      }
      #expect(failure?.description.contains("No such file or directory") == true)
    }

    @Test("G8, N4: over TCP no reply waits for the acknowledgement of another")
    func noDelay() throws {
      let server = try RunningServer(Disk([1, 2, 3]), isTCP: true)
      let clients = [try server.connect(), try server.negotiating()]
      #expect(try clients[0].read(offset: 0, length: 3).bytes == [1, 2, 3])
      guard case .tcp(_, let port) = server.server.endpoint else {
        Issue.record("the server listens on TCP")
        return
      }
      #expect(ProcessUsage.delays(atPort: port) == [false, false])
    }
  }
}
