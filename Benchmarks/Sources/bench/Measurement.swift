/// What is measured.
enum Figure: String, Codable {
  case rate = "operations/s"
  case cpu = "CPU us each"
  case time = "seconds"
  case cpuSeconds = "CPU seconds"
  case peak = "peak MiB"
  case written = "written MiB"
  case resident = "resident MiB"
  case p50 = "p50 us"
  case p99 = "p99 us"
  case inodeCPU = "CPU us/inode"
  case inodeBytes = "bytes/inode"

  var isMoreBetter: Bool { self == .rate }
}

/// One figure of one server in one case: a line of the results.
struct Measurement: Codable {
  /// The case, such as `memory/unix/4k-64x1`.
  var test: String
  var figure: Figure
  var peer: Peer
  var median: Double?
  var runs: [Double]
  /// Why there is nothing, or less than asked for.
  var remark: String?
}

/// The first line of the results.
struct Machine: Codable {
  var cores: Int
  var processor: String
  var memory: String
  var kernel: String
  /// When the run began, in UTC.
  var date: String
  /// The versions of those that were measured.
  var versions: [String: String]
  /// How often each figure was measured; a few cases say otherwise by their number of runs.
  var runs: Int
  /// Whether it was a short run with small inputs, whose figures mean little.
  var isQuick: Bool
}
