import DiskModel
import Foundation
import TestSupport
import Testing

@testable import NBDServer

extension ServerTests {
  /// What is known of a server from outside.
  struct MetricsTests {
    @Test("Requests, errors, bytes and times are counted", arguments: [false, true])
    func counts(isSlow: Bool) throws {
      let size = 1 << 21
      let server = try RunningServer(.of(PatternSource.bytes(0..<size), isSlow: isSlow))
      let client = try server.connect()
      for length in [1, 4096, 1 << 17, 1 << 20] as [UInt32] {
        _ = try client.read(offset: 7, length: length)
        _ = try client.read(offset: 7, length: length, flags: NBD.CommandFlag.df)
      }
      _ = try client.blockStatus(offset: 0, length: 5)
      try client.perform(NBD.Command.flush)
      #expect(throws: RequestFailed.self) { try client.read(offset: UInt64(size), length: 1) }
      #expect(throws: RequestFailed.self) { try client.perform(NBD.Command.trim) }
      #expect(throws: RequestFailed.self) { try client.perform(99) }
      // What a reply was sent for was counted before, or is in a moment.
      #expect(holdsSoon { server.server.metrics.tally.latency.count == 13 })
      try client.disconnect()
      #expect(try client.isAtEOF(within: 10))
      #expect(holdsSoon { server.server.metrics.openCount == 0 })
      let metrics = server.server.metrics
      let tally = metrics.tally
      #expect(tally.requests[.read] == 9 && tally.requests[.blockStatus] == 1)
      #expect(tally.requests[.flush] == 1 && tally.requests[.write] == 1)
      #expect(tally.requests[.unknown] == 1 && tally.requests[.disconnect] == 1)
      #expect(tally.errors[.invalid] == 2 && tally.errors[.notPermitted] == 1)
      #expect(tally.readSize == 2 * (1 + 4096 + 1 << 17 + 1 << 20))
      #expect((tally.waitCount > 0) == isSlow)
      #expect(tally.latency.quantile(1) != nil && tally.latency.sum > 0)
      #expect(metrics.connectionCount == 1 && metrics.transmissionCount == 1)
      #expect(metrics.bufferedSize == 0 && metrics.ends.total == 0)
    }

    @Test("A read that fails is an error, and takes time too")
    func failures() throws {
      let server = try RunningServer(Disk.of(FailingSource(size: 0), size: 1 << 20))
      let client = try server.connect()
      for length in [1, 1 << 20] as [UInt32] {
        #expect(throws: RequestFailed.self) { try client.read(offset: 0, length: length) }
      }
      #expect(holdsSoon { server.server.metrics.tally.latency.count == 2 })
      let tally = server.server.metrics.tally
      #expect(tally.errors[.inputOutput] == 2 && tally.readSize == 0)
    }

    @Test("Times fall into the bucket that ends behind them")
    func buckets() {
      for (nanoseconds, bucket) in [
        (0, 0), (1, 0), (1000, 0), (1001, 1), (2000, 1), (2001, 2), (4000, 2), (4001, 3),
        (1 << 20 * 1000, 20), (.max, 25),
      ] {
        #expect(LatencyHistogram.bucket(nanoseconds: nanoseconds) == bucket, "\(nanoseconds)")
      }
      #expect(LatencyHistogram(buckets: [0], sum: 0).quantile(0.5) == nil)
      var buckets = [Int](repeating: 0, count: LatencyHistogram.bucketCount)
      buckets[0] = 99
      buckets[10] = 1
      let latency = LatencyHistogram(buckets: buckets, sum: 1_000_000)
      #expect(latency.count == 100)
      #expect(latency.quantile(0.99) == 1 && latency.quantile(0.999) == 1024)
      buckets[25] = 1000
      #expect(LatencyHistogram(buckets: buckets, sum: 0).quantile(0.5) == nil)
    }

    @Test("Clients that break the protocol are counted, and do not fill the log")
    func incidents() throws {
      let server = try RunningServer(Disk([1]))
      for _ in 0..<40 {
        let client = try server.negotiating()
        try client.send(Array("this is no option at all".utf8))
        _ = try? client.receiveUntilEOF()
      }
      #expect(holdsSoon { server.server.metrics.ends[.violation] == 40 })
      let notices = server.log.notices.filter { $0.contains("what it sent is no option") }
      #expect(notices.count == 10)
      try server.checkService()
    }

    @Test("Every end has its reason")
    func reasons() throws {
      var limits = ServerLimits()
      limits.options = 3
      limits.optionSize = 8192
      limits.negotiationIdleTime = .milliseconds(200)
      let server = try RunningServer(Disk([1]), limits: limits)
      let many = try server.negotiating()
      #expect(throws: (any Error).self) { for _ in 0..<4 { _ = try many.listExports() } }
      let large = try server.negotiating()
      #expect(throws: (any Error).self) { try large.option(3, [UInt8](repeating: 0, count: 8193)) }
      let silent = try server.negotiating()
      _ = try silent.receiveUntilEOF()
      let wrong = try server.connect()
      try wrong.send([UInt8](repeating: 7, count: 28))
      _ = try wrong.receiveUntilEOF()
      let ends = server.server.metrics.ends
      #expect(ends[.options] == 1 && ends[.optionSize] == 1 && ends[.violation] == 1)
      #expect(ends[.negotiationIdleTime] == 1 && ends.total == 4)
    }

    @Test("The text for collectors has every number, in their format")
    func prometheus() throws {
      let server = try RunningServer(Disk([1, 2, 3]))
      let client = try server.connect()
      for _ in 0..<5 { _ = try client.read(offset: 0, length: 3) }
      #expect(holdsSoon { server.server.metrics.tally.latency.count == 5 })
      let text = server.server.metrics.prometheusText
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      #expect(lines.last == "")
      var families: [Substring: Substring] = [:]
      for line in lines.dropLast() where line.hasPrefix("# TYPE ") {
        let words = line.split(separator: " ")
        families[words[2]] = words[3]
      }
      let sample = /([a-z_]+)(\{[a-z]+="[^"]+"\})? ([0-9.e+-]+)/
      for line in lines.dropLast() where !line.hasPrefix("#") {
        let match = try #require(line.wholeMatch(of: sample), "\(line)")
        let name = match.1.replacing(/_(bucket|sum|count)$/, with: "")
        #expect(families[name[...]] != nil, "\(line)")
        #expect(Double(match.3) != nil)
      }
      #expect(lines.contains("nbdgen_requests_total{command=\"read\"} 5"))
      #expect(lines.contains("nbdgen_read_bytes_total 15"))
      #expect(lines.contains("nbdgen_connections_open 1"))
      #expect(lines.contains("nbdgen_request_duration_seconds_bucket{le=\"+Inf\"} 5"))
      #expect(families["nbdgen_request_duration_seconds"] == "histogram")
    }
  }
}
