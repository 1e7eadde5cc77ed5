import CHost
import NBDProtocol
import NIOCore

/// What has arrived of requests, and was not taken.
struct Inbox {
  private var buffer: ByteBuffer
  private let form: ReplyForm

  /// What the next bytes are if they are a request, once that was looked at.
  private var upcoming: Request?

  init(_ form: ReplyForm, _ bytes: ByteBuffer) {
    self.form = form
    buffer = bytes
  }

  /// What comes next.
  enum Next {
    /// Too few bytes for a request.
    case incomplete
    /// Bytes that are no request.
    case invalid
    /// A request, which is taken, and the one behind it if that is there, and is one.
    case request(Request, upcoming: Request?)
  }

  /// Takes the next request.
  mutating func next() -> Next {
    guard buffer.readableBytes >= Request.size(form) else { return .incomplete }
    guard let request = upcomingRequest else { return .invalid }
    drop()
    return .request(request, upcoming: upcomingRequest)
  }

  /// The next request, which is not taken; `nil` if it has not arrived, or is none.
  var upcomingRequest: Request? {
    mutating get {
      if upcoming == nil, buffer.readableBytes >= Request.size(form) {
        upcoming = Request(decoding: buffer.readableBytesSpan, form: form)
      }
      return upcoming
    }
  }

  /// Takes the next request.
  ///
  /// - Precondition: ``upcomingRequest`` has just told it.
  mutating func drop() {
    upcoming = nil
    buffer.moveReaderIndex(forwardBy: Request.size(form))
  }

  /// Takes bytes that are part of no request's head.
  mutating func take(atMost count: Int) -> ByteBuffer {
    upcoming = nil
    return buffer.readSlice(length: min(count, buffer.readableBytes)) ?? ByteBuffer()
  }

  /// Takes everything.
  mutating func takeAll() -> ByteBuffer {
    defer { buffer = ByteBuffer() }
    return take(atMost: buffer.readableBytes)
  }

  /// Adds what SwiftNIO received.
  mutating func append(_ bytes: ByteBuffer) {
    var bytes = bytes
    if buffer.readableBytes == 0 { buffer = bytes } else { buffer.writeBuffer(&bytes) }
  }

  /// Adds what has arrived at a socket: how many bytes, 0 at the end, or a negated errno.
  mutating func receive(from socket: CInt) -> Int64 { buffer.receive(from: socket) }

  /// Gives back memory that is not needed, for the next one to use.
  mutating func tidy(keepsRoom: Bool) {
    if buffer.readableBytes == 0 {
      if keepsRoom { buffer.clear() } else { buffer = ByteBuffer() }
    } else if buffer.readerIndex > ConnectionLimits.batchSize {
      buffer.discardReadBytes()
    }
  }
}

extension ByteBuffer {
  /// Appends what has arrived at a socket: how many bytes, 0 at the end, or a negated errno.
  mutating func receive(from socket: CInt) -> Int64 {
    var result: Int64 = 0
    unsafe writeWithUnsafeMutableBytes(
      minimumWritableBytes: ConnectionLimits.receiveSize
    ) { room in
      result = unsafe host_receive(socket, room.baseAddress, room.count)
      return max(0, Int(result))
    }
    return result
  }
}
