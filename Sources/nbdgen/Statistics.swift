import GeneratorKit
import NBDServer

/// What a server has done, for people, and as fields for programs.
struct Statistics {
  let metrics: ServerMetrics

  /// The whole of it, as fields of a log line.
  var fields: [(key: String, value: String)] {
    let latency = metrics.tally.latency
    var fields = [
      ("uptime_seconds", "\(metrics.uptime.components.seconds)"),
      ("connections", "\(metrics.connectionCount)"), ("open", "\(metrics.openCount)"),
      ("transmissions", "\(metrics.transmissionCount)"),
      ("read_bytes", "\(metrics.tally.readSize)"),
      ("storage_waits", "\(metrics.tally.waitCount)"),
      ("buffered_bytes", "\(metrics.bufferedSize)"),
    ]
    fields += RequestKind.allCases.map { ("requests_\($0.name)", "\(metrics.tally.requests[$0])") }
    fields += ReplyErrorKind.allCases.map { ("errors_\($0.name)", "\(metrics.tally.errors[$0])") }
    fields += EndReason.allCases.map { ("ended_\($0.name)", "\(metrics.ends[$0])") }
    for (name, share) in Self.shares {
      if let end = latency.quantile(share) { fields.append(("latency_\(name)_us", "\(end)")) }
    }
    return fields
  }

  private static let shares = [("p50", 0.5), ("p99", 0.99), ("p999", 0.999)]

  /// The same in lines; what is zero is left out.
  var lines: [String] {
    let tally = metrics.tally
    let seconds = metrics.uptime.components.seconds
    var lines = [
      "\(metrics.connectionCount) connections in \(seconds) s, \(metrics.openCount) open; "
        + "\(metrics.transmissionCount) came to use an export"
    ]
    func add(_ title: String, _ counts: [(String, Int)]) {
      let list = counts.filter { $0.1 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
      if !list.isEmpty { lines.append("\(title): \(list)") }
    }
    add("ended", EndReason.allCases.map { ($0.name, metrics.ends[$0]) })
    add("requests", RequestKind.allCases.map { ($0.name, tally.requests[$0]) })
    add("errors", ReplyErrorKind.allCases.map { ($0.name, tally.errors[$0]) })
    lines.append(
      "read \(Size.describe(tally.readSize)); \(tally.waitCount) parts waited for storage; "
        + "\(Size.describe(metrics.bufferedSize)) buffered"
    )
    return lines + histogram(tally.latency)
  }

  /// A line for each time that requests took, with a bar.
  private func histogram(_ latency: LatencyHistogram) -> [String] {
    guard latency.count > 0 else { return [] }
    let buckets = (0..<LatencyHistogram.bucketCount).map { latency[bucket: $0] }
    let most = buckets.max() ?? 0
    let used = buckets.indices.filter { buckets[$0] > 0 }
    guard let first = used.first, let last = used.last else { return [] }
    let mean = latency.sum / latency.count
    return ["latency of \(latency.count) requests, \(Self.describe(nanoseconds: mean)) on average:"]
      + (first...last).map { index in
        let end = LatencyHistogram.end(ofBucket: index)
        let title = end.map { "up to " + Self.describe(nanoseconds: $0 * 1000) } ?? "longer"
        let bar = String(repeating: "#", count: (buckets[index] * 40 + most - 1) / most)
        return "  \(Self.pad(title, 14))\(Self.pad("\(buckets[index])", 12)) \(bar)"
      }
  }

  /// Text that ends at a column.
  private static func pad(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }

  private static func describe(nanoseconds: Int) -> String {
    switch nanoseconds {
    case ..<10_000: "\(Double(nanoseconds / 100) / 10) µs"
    case ..<1_000_000: "\(nanoseconds / 1000) µs"
    case ..<1_000_000_000: "\(nanoseconds / 1_000_000) ms"
    default: "\(nanoseconds / 1_000_000_000) s"
    }
  }
}
