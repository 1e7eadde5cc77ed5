extension ServerMetrics {
  /// The metrics in the text format of Prometheus, version 0.0.4: what a collector
  /// reads.
  public var prometheusText: String {
    var text = PrometheusText()
    text.family("nbdgen_uptime_seconds", .gauge, "How long the server has been there.")
    text.sample("nbdgen_uptime_seconds", uptime.inSeconds)
    text.family("nbdgen_connections_total", .counter, "Connections that were accepted.")
    text.sample("nbdgen_connections_total", connectionCount)
    text.family("nbdgen_connections_open", .gauge, "Connections that are open.")
    text.sample("nbdgen_connections_open", openCount)
    text.family("nbdgen_transmissions_total", .counter, "Connections that came to use an export.")
    text.sample("nbdgen_transmissions_total", transmissionCount)
    text.family("nbdgen_ended_connections_total", .counter, "Connections that the server ended.")
    for reason in EndReason.allCases {
      text.sample("nbdgen_ended_connections_total", ["reason": reason.name], ends[reason])
    }
    text.family("nbdgen_requests_total", .counter, "Requests that were taken.")
    for kind in RequestKind.allCases {
      text.sample("nbdgen_requests_total", ["command": kind.name], tally.requests[kind])
    }
    text.family("nbdgen_error_replies_total", .counter, "Replies that were errors.")
    for kind in ReplyErrorKind.allCases {
      text.sample("nbdgen_error_replies_total", ["error": kind.name], tally.errors[kind])
    }
    text.family("nbdgen_read_bytes_total", .counter, "Bytes that successful reads asked for.")
    text.sample("nbdgen_read_bytes_total", tally.readSize)
    text.family("nbdgen_storage_waits_total", .counter, "Parts of reads that waited for storage.")
    text.sample("nbdgen_storage_waits_total", tally.waitCount)
    text.family("nbdgen_buffered_bytes", .gauge, "Bytes of replies that cannot go out yet.")
    text.sample("nbdgen_buffered_bytes", bufferedSize)
    append(tally.latency, to: &text)
    return text.text
  }

  private func append(_ latency: LatencyHistogram, to text: inout PrometheusText) {
    let name = "nbdgen_request_duration_seconds"
    text.family(name, .histogram, "Time from taking a request to having answered it.")
    var sum = 0
    for index in 0..<LatencyHistogram.bucketCount {
      sum += latency[bucket: index]
      let end = LatencyHistogram.end(ofBucket: index).map { "\(Double($0) / 1e6)" } ?? "+Inf"
      text.sample("\(name)_bucket", ["le": end], sum)
    }
    text.sample("\(name)_sum", Double(latency.sum) / 1e9)
    text.sample("\(name)_count", latency.count)
  }
}

/// Lines of the text format of Prometheus.
private struct PrometheusText {
  private(set) var text = ""

  /// What kind of numbers the samples of a family are.
  enum Kind: String {
    case counter, gauge, histogram
  }

  mutating func family(_ name: String, _ kind: Kind, _ help: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
  }

  /// Adds a sample; names and values of labels have nothing in them to be escaped.
  mutating func sample(
    _ name: String,
    _ labels: KeyValuePairs<String, String> = [:],
    _ value: some CustomStringConvertible
  ) {
    let list = labels.map { "\($0.key)=\"\($0.value)\"" }.joined(separator: ",")
    text += name + (list.isEmpty ? "" : "{\(list)}") + " \(value)\n"
  }

  mutating func sample(_ name: String, _ value: some CustomStringConvertible) {
    sample(name, [:], value)
  }
}

extension Duration {
  fileprivate var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) / 1e18
  }
}
