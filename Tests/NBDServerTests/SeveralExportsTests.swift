import DiskModel
import Foundation
import NBDServer
import TestSupport
import Testing

extension ServerTests {
  /// Several exports in one server, as peers see them.
  struct SeveralExportsTests {
    private func server(isTCP: Bool = false) throws -> RunningServer {
      try RunningServer(
        [
          Export(name: "first", description: "one byte", disk: Disk([1])),
          Export(
            name: "größer/2",
            description: "1 MiB of nothing",
            disk: Disk(zeros: .hole, size: 1 << 20)
          ),
          Export(name: "third", description: "", disk: Disk([3, 3, 3])),
        ],
        isTCP: isTCP
      )
    }

    @Test("nbdinfo lists them with their descriptions, and opens each")
    func nbdinfo() throws {
      let server = try server()
      let uri = "nbd+unix://?socket=\(server.path)"
      let outcome = try Program("nbdinfo").succeed(["--list", "--json", uri], timeout: 60)
      struct List: Decodable {
        var exports: [Entry]
      }
      struct Entry: Decodable {
        var name: String
        var size: Int
        var description: String?

        enum CodingKeys: String, CodingKey {
          case description
          case name = "export-name"
          case size = "export-size"
        }
      }
      let list = try JSONDecoder().decode(List.self, from: Data(outcome.output)).exports
      #expect(list.map(\.name) == ["first", "größer/2", "third"])
      #expect(list.map(\.size) == [1, 1 << 20, 3])
      #expect(list.prefix(2).map(\.description) == ["one byte", "1 MiB of nothing"])
      for (path, size) in [("", "1"), ("third", "3"), ("gr%C3%B6%C3%9Fer/2", "1048576")] {
        let uri = "nbd+unix:///\(path)?socket=\(server.path)"
        #expect(try Program("nbdinfo").succeed(["--size", uri], timeout: 60).lines == [size])
      }
      let other = "nbd+unix:///fourth?socket=\(server.path)"
      let refused = try Program("nbdinfo").run(["--size", other], timeout: 60)
      #expect(refused.status != 0)
      #expect(refused.errorLines.contains { $0.contains("no export") }, "\(refused)")
    }

    @Test("qemu-nbd and nbd-client list them, too")
    func others() throws {
      let server = try server(isTCP: true)
      guard case .tcp(let port, _) = server.endpoint else {
        Issue.record("no TCP")
        return
      }
      let qemu = try Program("qemu-nbd").succeed(["--list", "-b", "127.0.0.1", "-p", "\(port)"])
      #expect(qemu.lines.contains { $0.contains("exports available: 3") })
      #expect(qemu.lines.contains { $0.contains("description: 1 MiB of nothing") })
      #expect(qemu.lines.contains { $0.contains("nbdgen:segment") })
      let client = try Program("nbd-client").run(["-l", "127.0.0.1", "\(port)"])
      #expect(["first", "größer/2", "third"].allSatisfy { client.text.contains($0) }, "\(client)")
    }
  }
}
