import DiskModel
import Foundation
import Logging
import NBDServer
import Synchronization
import TestSupport
import Testing

extension ServerTests {
  /// What is sent without going through SwiftNIO, and files that are read in batches.
  struct DirectPathTests {
    private static let size = 4 << 20
    private static let bytes = PatternSource.bytes(0..<size)

    /// A server of two files, one behind the other.
    private struct TwoFiles {
      let directory: TemporaryDirectory
      let server: RunningServer

      init(isTCP: Bool = false) throws {
        directory = try TemporaryDirectory()
        var disk = Disk()
        for name in ["a", "b"] {
          try Data(bytes).write(to: URL(fileURLWithPath: directory(name)))
          let descriptors = DescriptorCache(capacity: 2)
          let file = try #require(
            try Disk.ofHostFile(directory(name), descriptors: descriptors)
          )
          try disk.append(contentsOf: file)
        }
        server = try RunningServer(disk, isTCP: isTCP)
      }

      /// Has both files looked at where they are in memory.
      func warmUp(_ client: NBDTestClient) throws {
        for _ in 0..<4 {
          for offset in stride(from: 0, to: 2 * size, by: 1 << 17) {
            let bytes = try client.read(offset: UInt64(offset), length: 1 << 17).bytes
            #expect(bytes == Array(DirectPathTests.bytes[(offset % size)...].prefix(1 << 17)))
          }
        }
      }

      func change(_ name: String) throws {
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: directory(name)))
        try file.write(contentsOf: Data([0xD1, 0xD1, 0xD1]))
        try file.close()
      }

      func truncate(_ name: String) throws {
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: directory(name)))
        try file.truncate(atOffset: 4096)
        try file.close()
      }
    }

    private static func reads(
      _ client: NBDTestClient,
      _ ranges: [Range<Int>]
    ) -> [NBDTestClient.Request] {
      ranges.map {
        NBDTestClient.Request(
          type: NBD.Command.read,
          cookie: client.nextCookie(),
          offset: UInt64($0.lowerBound),
          length: UInt64($0.count)
        )
      }
    }

    @Test(
      "R3, V1: of replies that leave together, those fail whose file changed, and no others",
      arguments: [false, true]
    )
    func batches(isStructured: Bool) throws {
      let files = try TwoFiles()
      let client = try files.server.connect(structured: isStructured)
      try files.warmUp(client)
      try files.change("b")
      var random = SeededGenerator(seed: 3)
      for _ in 0..<20 {
        let ranges = (0..<100).map { _ in
          let start = Int.random(in: 0..<2 * Self.size - 5000, using: &random)
          return start..<start + Int.random(in: 1...5000, using: &random)
        }
        let requests = Self.reads(client, ranges)
        try client.send(requests)
        let results = try client.collect(requests.map(\.cookie))
        for (request, range) in zip(requests, ranges) {
          let result = try #require(results[request.cookie])
          if range.upperBound <= Self.size {
            #expect(result.error == nil)
            #expect(result.bytes == Array(Self.bytes[range]))
          } else {
            #expect(result.error?.code == NBD.ErrorNumber.eio, "seed 3, \(range)")
          }
        }
      }
      #expect(files.server.log.errors.count == 1)
      #expect(files.server.log.errors.first?.contains(files.directory("b")) == true)
    }

    @Test(
      "R8, V1: a long read whose file changed or was cut off ends with an error",
      arguments: Sanitizer.isForThreads ? [false] : [false, true],
      [false, true]
    )
    func longReads(isCut: Bool, isTCP: Bool) throws {
      let files = try TwoFiles(isTCP: isTCP)
      let client = try files.server.connect()
      try files.warmUp(client)
      if isCut { try files.truncate("b") } else { try files.change("b") }
      for _ in 0..<3 {
        let requests = Self.reads(
          client,
          [Self.size..<Self.size + 1 << 20, 0..<1 << 20, Self.size - 100..<Self.size + 300_000]
        )
        try client.send(requests)
        let results = try client.collect(requests.map(\.cookie))
        #expect(results[requests[0].cookie]?.error?.code == NBD.ErrorNumber.eio)
        #expect(results[requests[1].cookie]?.bytes == Array(Self.bytes[..<(1 << 20)]))
        #expect(results[requests[2].cookie]?.error?.code == NBD.ErrorNumber.eio)
      }
    }

    @Test("R2: long reads that the client is slow to take are whole", arguments: [false, true])
    func slowClients(isTCP: Bool) throws {
      let files = try TwoFiles(isTCP: isTCP)
      let client = try files.server.connect()
      try files.warmUp(client)
      for length in [1 << 20, 3 << 20, 8 << 20] {
        let requests = Self.reads(client, [0..<length, 5..<5 + length / 2])
        try client.send(requests)
        // Longer than anybody waits awake; the socket is full meanwhile.
        Thread.sleep(forTimeInterval: 0.1)
        let results = try client.collect(requests.map(\.cookie))
        for request in requests {
          let start = Int(request.offset)
          let expected = (start..<start + Int(request.length)).map { Self.bytes[$0 % Self.size] }
          #expect(results[request.cookie]?.bytes == expected)
        }
      }
    }

    @Test(
      "R2: long reads from memory that the client is slow to take are whole",
      arguments: [false, true],
      [false, true]
    )
    func slowClientsOfMemory(isStructured: Bool, isTCP: Bool) throws {
      var disk = Disk(Self.bytes)
      try disk.append(contentsOf: Disk(zeros: .hole, size: 1 << 20))
      try disk.append(contentsOf: Disk(Self.bytes))
      let expected = Self.bytes + [UInt8](repeating: 0, count: 1 << 20) + Self.bytes
      let server = try RunningServer(disk, isTCP: isTCP)
      let client = try server.connect(structured: isStructured)
      let ranges = [0..<disk.size, 5..<5000, 100_000..<200_000, Self.size - 7..<disk.size - 9]
      for _ in 0..<3 {
        let requests = Self.reads(client, ranges)
        try client.send(requests)
        // Not once, but whenever the socket was emptied a little.
        Thread.sleep(forTimeInterval: 0.05)
        for (request, range) in zip(requests, ranges) {
          let results = try client.collect([request.cookie])
          #expect(results[request.cookie]?.bytes == Array(expected[range]))
          Thread.sleep(forTimeInterval: 0.02)
        }
      }
      #expect(holdsSoon { server.server.metrics.bufferedSize == 0 })
    }

    @Test("R8, V1: a file that changes while a client does not take its reply fails the read")
    func changeMeanwhile() throws {
      let files = try TwoFiles()
      let client = try files.server.connect()
      try files.warmUp(client)
      let requests = Self.reads(client, [0..<Self.size, Self.size..<2 * Self.size])
      try client.send(requests)
      Thread.sleep(forTimeInterval: 0.1)
      try files.change("b")
      let results = try client.collect(requests.map(\.cookie))
      #expect(results[requests[0].cookie]?.bytes == Self.bytes)
      #expect(results[requests[1].cookie]?.error?.code == NBD.ErrorNumber.eio)
    }

    @Test("clients that share an event loop move to others, and notice nothing of it")
    func moves() throws {
      let ends = Atomic(0)
      let directory = try TemporaryDirectory()
      let server = try NBDServer(
        on: .unix(path: directory("socket")),
        catalog: ExportCatalog([
          Export(name: "", description: "", disk: Disk(Self.bytes))
        ]),
        logger: Logger(label: "test"),
        onLastDisconnect: { ends.add(1, ordering: .relaxed) }
      )
      defer { server.stop() }
      let clients = try (0..<8).map { _ in
        try NBDTestClient.connect(.unix(directory("socket")), structured: true)
      }
      for round in 0..<60 {
        for (index, client) in clients.enumerated() {
          let ranges = (0..<20).map { step in
            let start = (round * 70_001 + index * 5003 + step * 97) % (Self.size - 5000)
            return start..<start + 5000
          }
          let requests = Self.reads(client, ranges)
          try client.send(requests)
          let results = try client.collect(requests.map(\.cookie))
          for (request, range) in zip(requests, ranges) {
            #expect(results[request.cookie]?.bytes == Array(Self.bytes[range]))
          }
        }
      }
      #expect(server.metrics.openCount == 8)
      #expect(server.metrics.connectionCount == 8)
      #expect(server.metrics.tally.requests[.read] == 8 * 60 * 20)
      #expect(ends.load(ordering: .relaxed) == 0)
      for client in clients { try client.disconnect() }
      for client in clients { #expect(try client.isAtEOF(within: 10)) }
      let limit = Date(timeIntervalSinceNow: 10)
      while ends.load(ordering: .relaxed) == 0, Date() < limit {
        Thread.sleep(forTimeInterval: 0.01)
      }
      #expect(ends.load(ordering: .relaxed) == 1)
    }
  }
}
