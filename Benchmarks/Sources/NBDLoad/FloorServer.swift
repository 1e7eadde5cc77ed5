import Glibc

/// A server that does nothing but copy: what no server can be better than.
///
/// It answers reads with the same bytes, or with those of a file, checks nothing, knows
/// no errors, and has a thread for each connection that waits for nothing else. All
/// replies to what one receive brought leave by one send.
public enum FloorServer {
  /// Where the bytes of replies come from.
  public enum Content: Sendable {
    /// One block of memory for all offsets.
    case memory
    /// A file, by pread(2).
    case file(path: String)
  }

  /// Serves a disk of `size` bytes, for ever.
  public static func run(at address: Address, content: Content, size: Int) throws -> Never {
    let listener = try Socket(listeningOn: address)
    var file: Int32 = -1
    if case .file(let path) = content {
      file = unsafe open(path, O_RDONLY | O_CLOEXEC)
      guard file >= 0 else { throw LoadFailure.system("open \(path)", errno) }
    }
    while true {
      let descriptor = accept(listener.descriptor, nil, nil)
      guard descriptor >= 0 else { throw LoadFailure.system("accept", errno) }
      let connection = FloorConnection(
        socket: Socket(descriptor: descriptor),
        file: file,
        size: size
      )
      if case .tcp = address { connection.socket.sendAtOnce() }
      let box = unsafe Unmanaged.passRetained(connection)
      var thread = pthread_t()
      unsafe pthread_create(
        &thread,
        nil,
        { argument in
          guard let argument = unsafe argument else { return nil }
          let connection = unsafe Unmanaged<FloorConnection>.fromOpaque(argument)
            .takeRetainedValue()
          try? connection.serve()
          connection.socket.close()
          return nil
        },
        unsafe box.toOpaque()
      )
      pthread_detach(thread)
    }
  }
}

/// A connection of the floor server.
private final class FloorConnection: Sendable {
  let socket: Socket
  private let file: Int32
  private let size: Int

  init(socket: Socket, file: Int32, size: Int) {
    self.socket = socket
    self.file = file
    self.size = size
  }

  func serve() throws {
    try negotiate()
    let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 64)
    let replies = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer {
      unsafe room.deallocate()
      unsafe replies.deallocate()
    }
    unsafe replies.initializeMemory(as: UInt8.self, repeating: 0x5A)
    var count = 0
    while true {
      count += try unsafe socket.receiveAwake(
        into: UnsafeMutableRawBufferPointer(rebasing: room[count...])
      )
      var position = 0
      var filled = 0
      while count - position >= 28 {
        let request = unsafe UnsafeRawBufferPointer(rebasing: room[position..<position + 28])
        guard unsafe request.bigEndian(at: 6, as: UInt16.self) == 0 else { return }
        try unsafe answer(request, replies, &filled)
        position += 28
      }
      if filled > 0 {
        try unsafe socket.send(UnsafeRawBufferPointer(rebasing: replies[..<filled]))
      }
      unsafe room.moveToStart(position..<count)
      count -= position
    }
  }

  /// Puts a reply behind those that wait; sends in pieces what is larger than the room.
  private func answer(
    _ request: UnsafeRawBufferPointer,
    _ replies: UnsafeMutableRawBufferPointer,
    _ filled: inout Int
  ) throws {
    let offset = Int(unsafe request.bigEndian(at: 16, as: UInt64.self))
    var left = Int(unsafe request.bigEndian(at: 24, as: UInt32.self))
    if replies.count - filled < 28 + min(left, 128 << 10) {
      try unsafe socket.send(UnsafeRawBufferPointer(rebasing: replies[..<filled]))
      filled = 0
    }
    let header = unsafe UnsafeMutableRawBufferPointer(rebasing: replies[filled..<filled + 28])
    unsafe header.store(bigEndian: NBD.structuredReplyMagic, at: 0)
    unsafe header.store(bigEndian: UInt16(1), at: 4)
    unsafe header.store(bigEndian: UInt16(1), at: 6)
    unsafe header.store(bigEndian: unsafe request.bigEndian(at: 8, as: UInt64.self), at: 8)
    unsafe header.store(bigEndian: UInt32(8 + left), at: 16)
    unsafe header.store(bigEndian: UInt64(offset), at: 20)
    filled += 28
    var position = offset
    while left > 0 {
      if filled == replies.count {
        try unsafe socket.send(UnsafeRawBufferPointer(replies))
        filled = 0
      }
      let count = min(left, 128 << 10, replies.count - filled)
      if file >= 0 {
        unsafe _ = pread(file, replies.baseAddress?.advanced(by: filled), count, position)
      }
      filled += count
      position += count
      left -= count
    }
  }

  /// Agrees to structured replies and to any export.
  private func negotiate() throws {
    var greeting: [UInt8] = []
    greeting.append(bigEndian: UInt64(0x4E42_444D_4147_4943))
    greeting.append(bigEndian: NBD.optionMagic)
    greeting.append(bigEndian: UInt16(3))
    try socket.send(greeting)
    _ = try socket.receive(4)
    while true {
      let header = try socket.receive(16)
      let code = header.number(at: 8, as: UInt32.self)
      _ = try socket.receive(Int(header.number(at: 12, as: UInt32.self)))
      if code == NBD.go {
        var info: [UInt8] = []
        info.append(bigEndian: UInt16(0))
        info.append(bigEndian: UInt64(size))
        info.append(bigEndian: UInt16(3))
        try socket.send(reply(to: code, NBD.info, info) + reply(to: code, NBD.acknowledged))
        return
      }
      let isKnown = code == NBD.structuredReply
      try socket.send(reply(to: code, isKnown ? NBD.acknowledged : 1 << 31 | 1))
    }
  }

  private func reply(to option: UInt32, _ type: UInt32, _ data: [UInt8] = []) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(bigEndian: UInt64(0x0003_E889_0455_65A9))
    bytes.append(bigEndian: option)
    bytes.append(bigEndian: type)
    bytes.append(bigEndian: UInt32(data.count))
    return bytes + data
  }
}
