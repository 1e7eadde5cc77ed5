import Foundation
import TestSupport
import Testing

/// A disk under load: its server, and what a client has to get from it.
final class SoakDisk: Sendable {
  let server: NbdgenProcess
  let endpoint: NBDTestClient.Endpoint

  /// All of its bytes.
  let bytes: [UInt8]

  /// What block status said of the whole, before there was any load.
  private let map: [(range: Range<UInt64>, flags: UInt32)]

  /// A disk that `server` serves, the contents of which are in a file.
  init(_ server: NbdgenProcess, reference: String) throws {
    self.server = server
    endpoint = try server.endpoint()
    bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: reference)))
    let client = try NBDTestClient.connect(endpoint)
    map = try client.allocation()
    try client.disconnect()
    try #require(map.last?.range.upperBound == UInt64(bytes.count))
    for run in map where run.flags & NBD.AllocationFlag.zero != 0 {
      try #require(isZero(Int(run.range.lowerBound)..<Int(run.range.upperBound)))
    }
    try #require(map.contains { $0.flags == 0 } && map.contains { $0.flags == 3 })
  }

  /// A tree over TCP; the files are in the host's memory, as they were read once.
  static func tree() throws -> SoakDisk {
    let server = try ClientDisk.serve(over: .tcp)
    let copy = try TemporaryDirectory()
    try Program("nbdcopy").succeed([server.uri, copy("disk")])
    return try SoakDisk(server, reference: copy("disk"))
  }

  /// 48 MiB over a unix socket: bytes that differ everywhere, repetitions, and holes.
  ///
  /// What it should hold is made by nbdkit.
  static func data(seed: UInt64) throws -> SoakDisk {
    // Its file is served for as long as there is a test.
    let directory = try TemporaryDirectory.shared()
    var random = SeededGenerator(seed: seed)
    let words = (0..<1_600_000).map { _ in random.next() }
    let noise = unsafe words.withUnsafeBytes { unsafe Data($0) }
    try noise.write(to: URL(fileURLWithPath: directory("noise")))
    let expression = """
      @4096 <\(directory("noise")) @16777216 (1 2 3*509)*9000 @25165824 (0x55*700 @+7000)*1000 \
      @37748736 "soak" @41943040 (<\(directory("noise")) )[:7654321]
      """
    let parameters = ["data", expression, "size=50331648"]
    let copy = ["--run", "nbdcopy \"$uri\" \(directory("disk"))"]
    try Program("nbdkit").succeed(["-U", "-"] + parameters + copy)
    let server = try NbdgenProcess(parameters)
    return try SoakDisk(server, reference: directory("disk"))
  }

  /// Whether these are the bytes at that offset.
  func holds(_ found: [UInt8], at offset: UInt64) -> Bool {
    guard let start = Int(exactly: offset), found.count <= bytes.count - start else { return false }
    return isEqual(found[...], bytes[start..<start + found.count])
  }

  /// Whether there are only zeros in that range.
  func isZero(_ range: Range<Int>) -> Bool {
    stride(from: range.lowerBound, to: range.upperBound, by: Self.zeros.count).allSatisfy { start in
      let end = min(start + Self.zeros.count, range.upperBound)
      return isEqual(bytes[start..<end], Self.zeros[..<(end - start)])
    }
  }

  /// Whether that range is as block status described it before.
  func isMapped(_ range: Range<UInt64>, _ flags: UInt32) -> Bool {
    var (low, high) = (0, map.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if map[middle].range.lowerBound <= range.lowerBound { low = middle } else { high = middle }
    }
    return map[low].flags == flags && map[low].range.upperBound >= range.upperBound
  }

  private static let zeros = [UInt8](repeating: 0, count: 1 << 20)
}
