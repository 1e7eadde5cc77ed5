import ArgumentParser
import Glibc
import NBDLoad

/// Keeps a server busy, and prints what it saw.
struct Load: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Keeps a server busy, and prints how quickly it answered."
  )

  @Option(help: "The server's unix socket.")
  var unix: String?

  @Option(help: "The server's port.")
  var port: UInt16?

  @Option(name: .customLong("pid"), help: "The server's process, whose CPU time is counted.")
  var process: pid_t = 0

  @Option(help: "Bytes that a request covers.")
  var bytes = 4096

  @Option(help: "Requests of a connection that are on their way.")
  var depth = 64

  @Option(help: "How many connections there are.")
  var connections = 1

  @Option(help: "Seconds to count.")
  var seconds = 2.0

  @Option(help: "Requests to make at most.")
  var requests = Int.max

  @Option(help: "Where on the disk to begin asking, in bytes.")
  var from = 0

  @Option(help: "Where on the disk to stop asking, in bytes; its end, unless given.")
  var to: Int?

  @Option(help: "A file that has the bytes of the disk, to compare with.")
  var reference: String?

  @Flag(help: "One offset after the other, not at random.")
  var sequential = false

  @Flag(help: "Ask for block status rather than data.")
  var blockStatus = false

  @Flag(help: "Sleep while waiting, rather than staying awake at first.")
  var sleep = false

  @Flag(help: "Ask only where there is data.")
  var data = false

  func run() throws {
    let address = try Address(unix: unix, port: port)
    var plan = LoadPlan()
    plan.requestSize = bytes
    plan.depth = depth
    plan.connections = connections
    plan.duration = Int(seconds * 1e9)
    plan.limit = requests
    if requests != .max { plan.warmUp = 0 }
    plan.reference = reference
    plan.pattern = sequential ? .sequential : .random
    plan.sleeps = sleep
    plan.request = blockStatus ? .blockStatus : .read
    if from != 0 || to != nil {
      let to = to ?? .max
      guard from >= 0, to >= from, to - from >= bytes else {
        throw ValidationError("between --from and --to there is no room for a request")
      }
      plan.ranges = [from..<to]
    }
    if data {
      let connection = try Negotiated(to: address, blockStatus: true)
      plan.ranges = try connection.dataRanges()
      connection.disconnect()
    }
    let result = try LoadClient.run(plan, at: address, process: process)
    print(
      "\(Format.rate(result.rate)) requests/s, \(Format.rate(result.rate * Double(bytes))) bytes/s,"
        + " p50 \(result.latencies.percentile(0.5)) us, p99 \(result.latencies.percentile(0.99)) us,"
        + " client \(Format.figure(result.clientCPU / Double(result.operations) * 1e6)) us CPU each,"
        + " server \(Format.figure(result.serverMicroseconds)) us,"
        + " \(result.bytesCompared) bytes compared"
    )
  }
}
