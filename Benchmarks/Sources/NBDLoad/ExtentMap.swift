extension Negotiated {
  /// The ranges of the disk that are data, by block status of all of it.
  ///
  /// - Throws: ``LoadFailure``; also if block status was not negotiated.
  public func dataRanges() throws -> [Range<Int>] {
    guard hasBlockStatus else { throw LoadFailure.protocolViolation("has no base:allocation") }
    var ranges: [Range<Int>] = []
    var offset = 0
    while offset < size {
      let before = offset
      for (count, flags) in try blockStatus(of: offset..<min(size, offset + 1 << 30)) {
        if flags & 1 == 0 {
          if ranges.last?.upperBound == offset {
            ranges[ranges.count - 1] = ranges[ranges.count - 1].lowerBound..<offset + count
          } else {
            ranges.append(offset..<offset + count)
          }
        }
        offset += count
      }
      guard offset > before else {
        throw LoadFailure.protocolViolation("describes no extent")
      }
    }
    return ranges.map { $0.clamped(to: 0..<size) }
  }

  private func blockStatus(of range: Range<Int>) throws -> [(count: Int, flags: UInt32)] {
    var request: [UInt8] = []
    request.append(bigEndian: NBD.requestMagic)
    request.append(bigEndian: UInt16(0))
    request.append(bigEndian: UInt16(7))
    request.append(bigEndian: UInt64(1))
    request.append(bigEndian: UInt64(range.lowerBound))
    request.append(bigEndian: UInt32(range.count))
    try socket.send(request)
    var extents: [(count: Int, flags: UInt32)] = []
    while true {
      let header = try socket.receive(20)
      guard header.number(at: 0, as: UInt32.self) == NBD.structuredReplyMagic else {
        throw LoadFailure.protocolViolation("sends no structured reply")
      }
      let payload = try socket.receive(Int(header.number(at: 16, as: UInt32.self)))
      switch header.number(at: 6, as: UInt16.self) {
      case 0: break
      case 5:
        for position in stride(from: 4, to: payload.count, by: 8) {
          extents.append(
            (
              Int(payload.number(at: position, as: UInt32.self)),
              payload.number(at: position + 4, as: UInt32.self)
            )
          )
        }
      default: throw LoadFailure.replied(payload.number(at: 0, as: UInt32.self))
      }
      if header.number(at: 4, as: UInt16.self) & 1 != 0 { return extents }
    }
  }
}
