import Foundation
import TestSupport
import Testing

/// A server that the host gives too little.
@CommandThread
@Suite(.tags(.command), .timeLimit(.minutes(30)))
struct ExhaustionTests {
  @Test("A server without descriptors to spare goes on, and takes clients again when it can")
  func descriptors() throws {
    let scene = try Scene()
    let place = NBDTestClient.Endpoint.unix(scene("socket"))
    let words = ["--nofile=64:64", try Program.nbdgen().path]
    let server = try Program("prlimit").start(
      words + ["-U", scene("socket"), "linuxdisk", scene("tree")]
    )
    _ = try server.errorLine(within: 60) { $0.contains("; in qemu: ") }
    let first = try NBDTestClient.connect(place)
    let head = try first.read(offset: 0, length: 4096).bytes

    // The host's queue takes those whom the server cannot.
    let crowd = try (0..<150).map { _ in try NBDTestClient.connected(place) }
    #expect(try !crowd[0].isSilent(for: 10))
    let last = try #require(crowd.last)
    #expect(try last.isSilent(for: 1), "there were descriptors for all of them")
    // Files of the tree are opened as clients read them.
    let size = try #require(first.export?.size)
    for offset in stride(from: 0, to: size - 4096, by: 1 << 18) {
      _ = try? first.read(offset: offset, length: 4096)
    }
    #expect(try first.read(offset: 0, length: 4096).bytes == head)
    for client in crowd { client.close() }
    let next = try NBDTestClient.connect(place)
    #expect(try next.read(offset: 0, length: 4096).bytes == head)
    server.send(SIGTERM)
    #expect(try server.outcome(within: 5).status == 0)
  }
}
