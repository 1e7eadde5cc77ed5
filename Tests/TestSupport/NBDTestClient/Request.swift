extension NBDTestClient {
  /// A compact request.
  package struct Request: Equatable {
    package var type: UInt16
    package var flags: UInt16
    package var cookie: UInt64
    package var offset: UInt64
    package var length: UInt64
    package var payload: [UInt8]
    package var magic: UInt32
    /// Whether the header has 32 bytes.
    package var isExtended = false

    package init(
      type: UInt16,
      flags: UInt16 = 0,
      cookie: UInt64,
      offset: UInt64 = 0,
      length: UInt64 = 0,
      payload: [UInt8] = [],
      magic: UInt32 = NBD.Magic.request
    ) {
      self.type = type
      self.flags = flags
      self.cookie = cookie
      self.offset = offset
      self.length = length
      self.payload = payload
      self.magic = magic
    }

    /// How many bytes of the disk it is about; block status may say so in a payload.
    package var effectLength: UInt64 {
      hasStatusPayload ? (try? payload.u64(at: 0)) ?? length : length
    }

    /// The meta contexts that a payload says it is about; `nil` for all.
    var askedContexts: [UInt32]? {
      guard hasStatusPayload else { return nil }
      return stride(from: 8, to: payload.count, by: 4).compactMap { try? payload.u32(at: $0) }
    }

    private var hasStatusPayload: Bool {
      type == NBD.Command.blockStatus && isExtended
        && flags & NBD.CommandFlag.payloadLength != 0
    }

    package var bytes: [UInt8] {
      var bytes: [UInt8] = []
      let isUsual = magic == NBD.Magic.request
      bytes.append(u32: isExtended && isUsual ? NBD.Magic.extendedRequest : magic)
      bytes.append(u16: flags)
      bytes.append(u16: type)
      bytes.append(u64: cookie)
      bytes.append(u64: offset)
      if isExtended {
        bytes.append(u64: length)
      } else {
        bytes.append(u32: UInt32(truncatingIfNeeded: length))
      }
      return bytes + payload
    }
  }

  /// The complete answer to one request.
  package struct RequestResult {
    package let request: Request
    /// `nil` if the request succeeded.
    package internal(set) var error: RequestFailed?
    /// What a successful `READ` read.
    package internal(set) var bytes: [UInt8] = []
    /// Content chunks in order of arrival; none in simple replies.
    package internal(set) var chunks: [ContentChunk] = []
    /// What `BLOCK_STATUS` reported, by context ID.
    package internal(set) var extents: [UInt32: [Extent]] = [:]
  }

  package struct ContentChunk: Equatable {
    /// `NBD.ChunkType.offsetData` or `offsetHole`.
    package let type: UInt16
    package let offset: UInt64
    package let length: Int

    package var isHole: Bool { type == NBD.ChunkType.offsetHole }
  }

  package struct Extent: Equatable {
    package let length: UInt64
    package let flags: UInt32

    package init(length: UInt64, flags: UInt32) {
      self.length = length
      self.flags = flags
    }
  }
}
