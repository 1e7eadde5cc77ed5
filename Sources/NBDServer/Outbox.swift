import CHost
import DiskModel
import NIOCore
import SystemPackage

/// Gathers replies, and hands them to the socket in one piece.
///
/// Where there is a socket without encryption, they are sent through it directly, and what
/// is long and in memory is sent from where it is. What the socket does not take is
/// SwiftNIO's, which waits until it does; until then everything else is, too.
struct Outbox {
  private var buffer: ByteBuffer

  /// What is sent from where it is, in order.
  private var insertions: [Insertion] = []

  /// Bytes of the insertions.
  private var insertedCount = 0

  /// Where to send directly; `nil` if everything is to be left to SwiftNIO.
  private let socket: CInt?

  /// How many times something was left to SwiftNIO that it has not sent yet.
  private var leftCount = 0

  /// Whether the socket did not take all that it was to take.
  private(set) var isStuck = false

  /// Whether what is in it follows something that was left to SwiftNIO.
  private var isRest = false

  /// Whether bytes that stayed where they were, in a file, were gone when they were to be
  /// sent; zeros took their place.
  private var hasLostBytes = false

  /// Bytes that stay where they are until they are sent.
  private struct Insertion {
    /// The index in the buffer that they go before.
    var index: Int
    var bytes: Disk.BytesInPlace
  }

  /// How many pieces are sent at a time; as many headers and insertions.
  private static let pieceLimit = 64

  /// Starts small: a client that asks for little costs little.
  init(_ allocator: ByteBufferAllocator, socket: CInt? = nil) {
    buffer = allocator.buffer(capacity: 0)
    self.socket = socket
  }

  /// Number of bytes that wait to be sent.
  var count: Int { buffer.readableBytes + insertedCount }

  /// Whether replies can be sent directly now, and bytes from where they are.
  var isDirect: Bool { socket != nil && leftCount == 0 }

  /// Whether what was given to it last is on its way.
  var mayGrow: Bool { !isStuck && !isRest && leftCount == 0 }

  /// Whether what is in it has to wait until SwiftNIO has sent something.
  var isWaiting: Bool { isRest && leftCount > 0 }

  /// Whether it is to be tried to send what is in it before anything is added.
  var isDue: Bool { isStuck || isRest && leftCount == 0 }

  /// Bytes in it that take memory of their own.
  var composedCount: Int { buffer.readableBytes }

  /// Appends what `body` composes in at most `limit` bytes; `false`, or an
  /// error, takes it back.
  mutating func append<Failure: Error>(
    limit: Int,
    _ body: (inout OutputRawSpan) throws(Failure) -> Bool
  ) throws(Failure) -> Bool {
    try buffer.append(limit: limit, body)
  }

  /// Appends a reply like ``append(limit:_:)``; where it is, for
  /// ``replace(_:with:)``, or `nil` if it was taken back.
  mutating func place<Failure: Error>(
    limit: Int,
    _ body: (inout OutputRawSpan) throws(Failure) -> Bool
  ) throws(Failure) -> Range<Int>? {
    let start = buffer.writerIndex
    return try buffer.append(limit: limit, body) ? start..<buffer.writerIndex : nil
  }

  /// Appends replies that were composed elsewhere.
  mutating func append(_ replies: inout ByteBuffer) {
    buffer.writeBuffer(&replies)
  }

  /// Appends bytes that stay where they are until they are sent.
  mutating func append(_ bytes: Disk.BytesInPlace) {
    insertions.append(Insertion(index: buffer.writerIndex, bytes: bytes))
    insertedCount += bytes.count
  }

  /// Puts other replies in the place of some.
  ///
  /// - Parameters:
  ///   - places: Where the replies are, in order, as ``place(limit:_:)`` said. Nothing was
  ///     sent since.
  ///   - reply: What to put into the place of an index; `nil` for nothing.
  mutating func replace(_ places: [Range<Int>], with reply: (Int) -> ByteBuffer?) {
    var whole = ByteBuffer()
    var moved = insertions
    func copy(upTo end: Int, from start: Int) {
      for index in insertions.indices where insertions[index].index >= start {
        guard insertions[index].index <= end else { break }
        moved[index].index = whole.writerIndex + insertions[index].index - start
      }
      if var part = buffer.getSlice(at: start, length: end - start) { whole.writeBuffer(&part) }
    }
    var position = buffer.readerIndex
    for (index, place) in places.enumerated() {
      copy(upTo: place.lowerBound, from: position)
      if var new = reply(index) { whole.writeBuffer(&new) }
      position = place.upperBound
    }
    copy(upTo: buffer.writerIndex, from: position)
    insertions = moved
    buffer = whole
  }

  /// What became of replies that were to be sent.
  enum Outcome {
    case sent
    /// The socket did not take all of it: then ``isStuck``, until this is tried again, or
    /// ``take()`` called.
    case stuck
    /// The socket is not to be used now: somebody else has to send this.
    case notSent(ByteBuffer)
  }

  /// Sends everything.
  mutating func send() -> Outcome {
    guard count > 0 else { return .sent }
    guard isDirect, let socket else { return .notSent(take()) }
    while count > 0 {
      let sent = send(socket)
      guard sent > 0 else {
        isStuck = sent == 0 || sent == -Int64(Errno.wouldBlock.rawValue)
        // SwiftNIO meets any other error, too, and knows what to do.
        return isStuck ? .stuck : .notSent(take())
      }
      removeFirst(Int(sent))
    }
    isStuck = false
    clear()
    return .sent
  }

  /// Takes replies out, for somebody else to send, who has to call ``noteSent()`` then.
  ///
  /// Of bytes that stay where they are only as much is copied as it takes to be told when
  /// the socket takes more; the rest follows then.
  mutating func take() -> ByteBuffer {
    isStuck = false
    leftCount += 1
    guard socket != nil, insertedCount > ConnectionLimits.restSize else { return takeAll() }
    let part = assembled(upTo: ConnectionLimits.restSize)
    removeFirst(part.readableBytes)
    isRest = true
    return part
  }

  private mutating func takeAll() -> ByteBuffer {
    let whole = assembled(upTo: count)
    clear()
    return whole
  }

  /// Says whether bytes were lost, once.
  mutating func takeLoss() -> Bool {
    defer { hasLostBytes = false }
    return hasLostBytes
  }

  /// Takes note of somebody having sent what ``take()`` gave.
  mutating func noteSent() { leftCount -= 1 }

  /// The first bytes in one piece.
  private mutating func assembled(upTo limit: Int) -> ByteBuffer {
    guard !insertions.isEmpty else { return buffer }
    var rest = buffer
    var whole = ByteBuffer()
    whole.reserveCapacity(limit)
    for insertion in insertions {
      let room = limit - whole.readableBytes
      let head = min(insertion.index - rest.readerIndex, room)
      if var head = rest.readSlice(length: head) { whole.writeBuffer(&head) }
      let count = min(insertion.bytes.count, limit - whole.readableBytes)
      guard count > 0 else { return whole }
      _ = whole.append(limit: count) { output in
        if !insertion.bytes.copy(count, into: &output) { hasLostBytes = true }
        return true
      }
    }
    if var tail = rest.readSlice(length: limit - whole.readableBytes) { whole.writeBuffer(&tail) }
    return whole
  }

  /// Has the same memory again, unless somebody else uses it still; then as much as was
  /// needed last.
  private mutating func clear() {
    let capacity = buffer.writerIndex
    buffer.clear(minimumCapacity: capacity)
    insertions.removeAll(keepingCapacity: true)
    insertedCount = 0
    isRest = false
  }

  private mutating func removeFirst(_ count: Int) {
    var left = count
    while left > 0 {
      guard !insertions.isEmpty else { return buffer.moveReaderIndex(forwardBy: left) }
      let head = min(left, insertions[0].index - buffer.readerIndex)
      buffer.moveReaderIndex(forwardBy: head)
      left -= head
      guard left > 0 else { return }
      let inserted = min(left, insertions[0].bytes.count)
      left -= inserted
      insertedCount -= inserted
      if inserted == insertions[0].bytes.count {
        insertions.removeFirst()
      } else {
        insertions[0].bytes.removeFirst(inserted)
      }
    }
  }

  /// Sends as much as the socket takes: how many bytes, or a negated errno.
  private func send(_ socket: CInt) -> Int64 {
    unsafe buffer.withUnsafeReadableBytes { bytes in
      guard !insertions.isEmpty else {
        var piece = unsafe host_piece(start: bytes.baseAddress, count: bytes.count)
        return unsafe host_send_pieces(socket, &piece, 1)
      }
      var pieces: [host_piece] = unsafe []
      unsafe pieces.reserveCapacity(2 * insertions.count + 1)
      return unsafe send(socket, bytes, from: 0, insertions[...], &pieces)
    }
  }

  /// Adds pieces for what is left to be sent, each array held where it is meanwhile.
  private func send(
    _ socket: CInt,
    _ bytes: UnsafeRawBufferPointer,
    from start: Int,
    _ insertions: ArraySlice<Insertion>,
    _ pieces: inout [host_piece]
  ) -> Int64 {
    guard let next = insertions.first, unsafe pieces.count < Self.pieceLimit else {
      // With insertions left, what is behind them has to wait for them.
      let end = insertions.first.map { $0.index - buffer.readerIndex } ?? bytes.count
      unsafe add(bytes, start..<end, to: &pieces)
      return unsafe pieces.withUnsafeBufferPointer { pieces in
        unsafe host_send_pieces(socket, pieces.baseAddress, CInt(pieces.count))
      }
    }
    let end = next.index - buffer.readerIndex
    unsafe add(bytes, start..<end, to: &pieces)
    let rest = insertions.dropFirst()
    switch next.bytes {
    case .memory(let array, let range):
      return unsafe array.withUnsafeBytes { array in
        unsafe add(array, range, to: &pieces)
        return unsafe send(socket, bytes, from: end, rest, &pieces)
      }
    case .file(let borrowed):
      unsafe pieces.append(host_piece(start: borrowed.start, count: borrowed.count))
      return unsafe send(socket, bytes, from: end, rest, &pieces)
    }
  }

  private func add(
    _ bytes: UnsafeRawBufferPointer,
    _ range: Range<Int>,
    to pieces: inout [host_piece]
  ) {
    guard !range.isEmpty else { return }
    let part = unsafe UnsafeRawBufferPointer(rebasing: bytes[range])
    unsafe pieces.append(host_piece(start: part.baseAddress, count: part.count))
  }
}

extension Disk.BytesInPlace {
  /// How many bytes there are.
  fileprivate var count: Int {
    switch self {
    case .memory(_, let range): range.count
    case .file(let bytes): bytes.count
    }
  }

  fileprivate mutating func removeFirst(_ count: Int) {
    switch self {
    case .memory(let array, let range):
      self = .memory(array, range.lowerBound + count..<range.upperBound)
    case .file(var bytes):
      bytes.removeFirst(count)
      self = .file(bytes)
    }
  }

  /// Appends the first `count` bytes; `false` if they are not there any more.
  fileprivate func copy(_ count: Int, into output: inout OutputRawSpan) -> Bool {
    switch self {
    case .memory(let array, let range):
      output.append(copying: array.span.extracting(range.prefix(count)))
      return true
    case .file(let bytes):
      return bytes.copy(count, into: &output)
    }
  }
}

extension ByteBuffer {
  /// Appends what `body` composes, in at most `limit` bytes; `false`, or an
  /// error, takes it back.
  mutating func append<Failure: Error>(
    limit: Int,
    _ body: (inout OutputRawSpan) throws(Failure) -> Bool
  ) throws(Failure) -> Bool {
    var isComplete = false
    try writeWithOutputRawSpan(minimumWritableBytes: limit) { output throws(Failure) in
      isComplete = try body(&output)
      if !isComplete { output.removeAll() }
    }
    return isComplete
  }
}
