import Glibc

extension Negotiated {
  /// The bytes of a range of the disk.
  ///
  /// - Throws: ``LoadFailure``
  public func read(_ range: Range<Int>) throws -> [UInt8] {
    var request: [UInt8] = []
    request.append(bigEndian: NBD.requestMagic)
    request.append(bigEndian: UInt32(0))
    request.append(bigEndian: UInt64(1))
    request.append(bigEndian: UInt64(range.lowerBound))
    request.append(bigEndian: UInt32(range.count))
    try socket.send(request)
    guard isStructured else {
      guard try socket.receive(16).number(at: 4, as: UInt32.self) == 0 else {
        throw LoadFailure.replied(0)
      }
      return try socket.receive(range.count)
    }
    var bytes = [UInt8](repeating: 0, count: range.count)
    while true {
      let header = try socket.receive(20)
      let payload = try socket.receive(Int(header.number(at: 16, as: UInt32.self)))
      switch header.number(at: 6, as: UInt16.self) {
      case 0, 2: break
      case 1:
        let start = Int(payload.number(at: 0, as: UInt64.self)) - range.lowerBound
        guard start >= 0, start + payload.count - 8 <= bytes.count else {
          throw LoadFailure.protocolViolation("sends what was not asked for")
        }
        bytes.replaceSubrange(start..<start + payload.count - 8, with: payload[8...])
      default: throw LoadFailure.replied(payload.number(at: 0, as: UInt32.self))
      }
      if header.number(at: 4, as: UInt16.self) & 1 != 0 { return bytes }
    }
  }

  /// The first bytes of a file.
  ///
  /// - Throws: ``LoadFailure``
  public static func bytes(ofFile path: String, count: Int) throws -> [UInt8] {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw LoadFailure.system("open \(path)", errno) }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: count)
    guard unsafe Glibc.read(file, &bytes, count) == count else {
      throw LoadFailure.system("read \(path)", errno)
    }
    return bytes
  }
}
