import NBDLoad

/// Disks of nbdgen's whose serving is looked at without any peer.
enum Content: String, CaseIterable {
  case memory, file, holes, repeating, linuxdisk, floppy

  /// What nbdgen is told to serve.
  func words(_ inputs: Inputs) throws -> [String] {
    switch self {
    case .memory:
      ["data", "<(cat \(try inputs.random("content", mebibytes: 16)))"]
    case .file:
      ["data", "<\(try inputs.random("content", mebibytes: 16))"]
    case .holes:
      ["data", "", "size=1G"]
    case .repeating:
      ["data", "\"abcdefghijklmno\\n\"*1M"]
    case .linuxdisk:
      ["linuxdisk", try inputs.tree("tree", directories: 20, files: 50, largest: 8000)]
    case .floppy:
      ["floppy", try inputs.tree("tree", directories: 20, files: 50, largest: 8000)]
    }
  }

  /// Where requests of a case fall: where there is data, but for holes.
  func ranges(at address: Address) throws -> [Range<Int>] {
    guard self != .holes else { return [] }
    let connection = try Negotiated(to: address, blockStatus: true)
    defer { connection.disconnect() }
    return try connection.dataRanges()
  }
}

extension ServingCase {
  /// The case of a short name: a depth for 4 KiB reads, or `256k`, `2m`, `block-status` and
  /// `connect`.
  init?(shortName: String) {
    switch shortName {
    case "160k": self = .whole
    case "256k": self = .large[0]
    case "2m": self = .large[1]
    case "block-status": self = .blockStatus
    case "connect": self = .connect
    default:
      guard let depth = Int(shortName), (1...1024).contains(depth) else { return nil }
      self = .random(depth: depth)
    }
    name = shortName
  }

  /// Does so much, and no more.
  func perform(_ count: Int, by server: Server, ranges: [Range<Int>]) throws {
    let address = server.address
    switch work {
    case .connect:
      for _ in 0..<count { try Negotiated(to: address).disconnect() }
    case .load(var plan):
      plan.warmUp = 0
      plan.duration = 600_000_000_000
      plan.limit = count
      // Whether the next batch is there before the server would wait is no matter of chance.
      plan.idleProcess = server.identifier
      // Status is asked for across the disk, wherever its data are.
      plan.ranges = plan.request == .read ? ranges : []
      _ = try LoadClient.run(plan, at: address)
    case .copy:
      break
    }
  }
}
