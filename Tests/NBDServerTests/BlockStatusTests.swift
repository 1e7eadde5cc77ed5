import DiskModel
import NBDServer
import TestSupport
import Testing

extension ServerTests {
  /// What BLOCK_STATUS says.
  struct BlockStatusTests {
    private typealias Run = NBDTestClient.Extent

    /// What is to be said of `range`, found byte by byte: runs of sectors that
    /// are alike, the last one reaching to the end of its sector.
    private static func expected(_ known: KnownDisk, _ range: Range<Int>) -> [Run] {
      runs(of: known.kinds, range) { $0.contains(.data) ? 0 : $0 == [.hole] ? 3 : 2 }
    }

    /// What bytes are for, most important first.
    private static let ranks: [(role: Segment.Role, flags: UInt32)] = [
      (.metadata, 1), (.fileData, 2), (.content, 0), (.slack, 4), (.free, 3),
    ]

    private static func expectedSegments(_ known: KnownDisk, _ range: Range<Int>) -> [Run] {
      runs(of: known.roles, range) { roles in
        ranks.first { roles.contains($0.role) }?.flags ?? .max
      }
    }

    private static func runs<State: Hashable>(
      of states: [State],
      _ range: Range<Int>,
      flags: (Set<State>) -> UInt32
    ) -> [Run] {
      let end = min(states.count, (range.upperBound + 511) / 512 * 512)
      var runs: [Run] = []
      var start = range.lowerBound
      while start < end {
        let next = min(end, (start / 512 + 1) * 512)
        let flags = flags(Set(states[start..<next]))
        let length = UInt64(next - start)
        if let last = runs.last, last.flags == flags {
          runs[runs.count - 1] = Run(length: last.length + length, flags: flags)
        } else {
          runs.append(Run(length: length, flags: flags))
        }
        start = next
      }
      return runs
    }

    @Test(
      "A2-A7: random ranges are described as looking at each byte finds them",
      arguments: 0..<12 as Range<UInt64>
    )
    func randomRanges(seed: UInt64) throws {
      var random = SeededGenerator(seed: seed)
      let piece = [100, 700, 3000][Int(seed % 3)]
      let known = try KnownDisk.random(size: 40_000, piece: piece, using: &random)
      let server = try RunningServer(known.disk)
      let client = try server.negotiating()
      try client.negotiateStructuredReplies()
      try client.setMetaContexts(["base:allocation", "nbdgen:segment"])
      try client.go()
      for index in 0..<150 {
        let start = Int.random(in: 0..<known.bytes.count, using: &random)
        let offset = index % 3 == 0 ? start / 512 * 512 : start
        let count = 1 + random.anyMagnitude(below: known.bytes.count - offset)
        let comment: Comment = "seed \(seed), \(count) bytes at \(offset)"
        let range = offset..<offset + count
        let expected: [UInt32: [Run]] = [
          1: Self.expected(known, range), 2: Self.expectedSegments(known, range),
        ]
        let seen = try client.blockStatus(offset: UInt64(offset), length: UInt64(count))
        #expect(seen == expected, comment)
        let one = try client.blockStatus(
          offset: UInt64(offset),
          length: UInt64(count),
          flags: NBD.CommandFlag.reqOne
        )
        let first = try expected.mapValues { runs in
          let first = try #require(runs.first)
          return [Run(length: min(first.length, UInt64(count)), flags: first.flags)]
        }
        #expect(one == first, comment)
      }
    }

    @Test("A2, A6: walking a random disk visits all of it, and what is zero reads as zero")
    func walking() throws {
      var random = SeededGenerator(seed: 99)
      let known = try KnownDisk.random(size: 300_000, piece: 9000, using: &random)
      let server = try RunningServer(known.disk)
      let client = try server.connect()
      for step in [1000, 65536, 1 << 30] as [UInt32] {
        let runs = try client.allocation(step: step)
        #expect(runs.last?.range.upperBound == UInt64(known.bytes.count))
        for run in runs where run.flags & NBD.AllocationFlag.zero != 0 {
          let range = Int(run.range.lowerBound)..<Int(run.range.upperBound)
          #expect(known.bytes[range].allSatisfy { $0 == 0 })
        }
      }
    }

    @Test("A8, V4: what is not on the disk has no status")
    func outside() throws {
      let server = try RunningServer(Disk(zeros: .hole, size: 1000))
      let client = try server.connect()
      for (offset, length) in [(1000, 1), (999, 2), (0, 1001), (.max, 1), (1 << 63, .max), (0, 0)]
        as [(UInt64, UInt32)]
      {
        for flags in [0, NBD.CommandFlag.reqOne] {
          let failure = #expect(throws: RequestFailed.self) {
            try client.blockStatus(offset: offset, length: UInt64(length), flags: flags)
          }
          #expect(failure?.code == NBD.ErrorNumber.einval)
        }
      }
      #expect(try client.blockStatus(offset: 999, length: 1) == [1: [Run(length: 1, flags: 3)]])
    }

    @Test("A2, Z10: disks of 2^63 - 1 bytes are described to their end")
    func largestDisk() throws {
      var disk = Disk(zeros: .hole, size: .max - 1000)
      try disk.append([UInt8](repeating: 1, count: 1000))
      let server = try RunningServer(disk)
      let client = try server.connect()
      let size = UInt64(Int.max)
      // The data starts in the middle of a sector, and the last sector is cut.
      #expect(size % 512 == 511 && (size - 1000) % 512 == 23)
      let tail = try client.blockStatus(offset: size - 1_000_023, length: 1_000_023)
      #expect(tail == [1: [Run(length: 999_000, flags: 3), Run(length: 1023, flags: 0)]])
      let last = try client.blockStatus(offset: size - 1, length: 1)
      #expect(last == [1: [Run(length: 1, flags: 0)]])
      let head = try client.blockStatus(offset: 0, length: .max)
      #expect(head[1]?.count == 1 && head[1]?.first?.flags == 3)
      #expect(head[1]?.first?.length ?? 0 >= UInt32.max - 511)
      let one = try client.blockStatus(offset: 1, length: .max, flags: NBD.CommandFlag.reqOne)
      #expect(one[1]?.first?.flags == 3)
    }

    @Test("A2, A3: 2^32 - 1 bytes are described without a gap, at any offset")
    func longestRange() throws {
      let boundary = 1 << 32
      for (first, second) in [([], Segment.ZeroKind.hole), ([1 as UInt8], .written)] {
        var disk = Disk()
        // Data up to the boundary and zeros behind it, or the other way round.
        if first.isEmpty {
          try disk.append(.source(PatternSource(), offset: 0), count: boundary)
          try disk.append(.zeros(second), count: 1 << 20)
        } else {
          try disk.append(.zeros(second), count: boundary)
          try disk.append(.source(PatternSource(), offset: 0), count: 1 << 20)
        }
        let server = try RunningServer(disk)
        let client = try server.connect()
        for offset in [0, 1, 2, 510, 511, 512, 513, 1023] {
          let runs = try #require(try client.blockStatus(offset: UInt64(offset), length: .max)[1])
          // A boundary between runs lies where the disk has one.
          if runs.count > 1 {
            #expect(Int(runs[0].length) == boundary - offset, "at \(offset)")
          } else {
            #expect(Int(runs[0].length) <= boundary - offset, "at \(offset)")
          }
          #expect(runs[0].flags == (first.isEmpty ? 0 : 2))
        }
      }
    }

    @Test("A9: countless extents are described a part at a time", arguments: [1, 512, 513])
    func countlessExtents(size: Int) throws {
      var unit = Disk([UInt8](repeating: 1, count: size))
      try unit.append(.zeros(.hole), count: size)
      var disk = Disk()
      try disk.append(.repeating(unit, phase: 0), count: 1 << 40)
      let server = try RunningServer(disk)
      let client = try server.connect()
      for offset: UInt64 in [0, 1, 511, 1 << 39 + 7] {
        let runs = try #require(try client.blockStatus(offset: offset, length: .max)[1])
        #expect((1...1 << 20).contains(runs.count))
        #expect(zip(runs, runs.dropFirst()).allSatisfy { $0.flags != $1.flags })
        let one = try client.blockStatus(offset: offset, length: .max, flags: 8)
        #expect(one[1]?.first?.flags == runs.first?.flags)
      }
    }
  }
}
