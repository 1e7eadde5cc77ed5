import CZlib

/// A run of zlib's `inflate`.
@safe struct Inflater: ~Copyable {
  /// zlib keeps pointers to it, so that it stays where it is.
  private let stream: UnsafeMutablePointer<z_stream>

  /// What is decompressed.
  enum Form {
    /// A member of a gzip file (RFC 1952), whose checksum is verified.
    case gzip
    /// Deflated bytes alone (RFC 1951).
    case raw

    /// `windowBits` of `inflateInit2`.
    fileprivate var windowBits: CInt {
      switch self {
      case .gzip: 15 + 16
      case .raw: -15
      }
    }
  }

  /// What came of a step.
  struct Step {
    /// How many bytes of the input were used, and how many bytes came out.
    var consumed = 0
    var produced = 0
    var state = State.running
    /// Bits of the last byte used that belong to what comes next, 0...7.
    var unusedBitCount = 0

    enum State {
      /// It goes on with more input or more room.
      case running
      /// It is between two blocks, where it can be taken up later.
      case betweenBlocks
      /// The member, or the deflated bytes, ended.
      case ended
      /// The input is damaged; why, for people.
      case damaged(String)
    }
  }

  /// Most bytes that a step needs of what came before.
  static let windowSize = 32768

  init(_ form: Form) {
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    let size = unsafe CInt(MemoryLayout<z_stream>.size)
    let result = unsafe inflateInit2_(stream, form.windowBits, ZLIB_VERSION, size)
    precondition(result == Z_OK, "there is memory for zlib's state")
  }

  deinit {
    unsafe inflateEnd(stream)
    unsafe stream.deallocate()
  }

  /// Starts over with what comes next.
  func restart(_ form: Form) {
    let result = unsafe inflateReset2(stream, form.windowBits)
    precondition(result == Z_OK, "zlib's state can be reset")
  }

  /// Takes up deflated bytes in their midst.
  ///
  /// - Parameters:
  ///   - byte: The byte before the next one.
  ///   - bitCount: How many of its bits are still to be used.
  ///   - window: The last bytes that came out.
  /// - Returns: Whether zlib accepts it.
  func takeUp(after byte: UInt8, bitCount: Int, window: [UInt8]) -> Bool {
    if bitCount > 0 {
      let value = CInt(byte) >> CInt(8 - bitCount)
      guard unsafe inflatePrime(stream, CInt(bitCount), value) == Z_OK else { return false }
    }
    return unsafe window.withUnsafeBufferPointer { window in
      unsafe inflateSetDictionary(stream, window.baseAddress, uInt(window.count)) == Z_OK
    }
  }

  /// The last bytes that came out, at most 32 KiB.
  func window() -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: Self.windowSize) { buffer, count in
      var length = uInt(0)
      let result = unsafe inflateGetDictionary(stream, buffer.baseAddress, &length)
      count = result == Z_OK ? Int(length) : 0
    }
  }

  /// Decompresses until the input is used up or the output is full.
  ///
  /// - Parameters:
  ///   - input: Compressed bytes.
  ///   - start: The first of them that is not used yet.
  ///   - output: Receives what comes out.
  ///   - room: Where there is room for it.
  ///   - stopsBetweenBlocks: Whether the step ends where it can be taken up.
  /// - Returns: What came of it.
  func step(
    _ input: [UInt8],
    from start: Int,
    into output: inout [UInt8],
    at room: Range<Int>,
    stopsBetweenBlocks: Bool = false
  ) -> Step {
    precondition(start <= input.count && room.upperBound <= output.count, "the buffers are there")
    return unsafe input.withUnsafeBufferPointer { input in
      unsafe output.withUnsafeMutableBufferPointer { output in
        let inputBase = unsafe UnsafeMutablePointer(mutating: input.baseAddress)
        unsafe stream.pointee.next_in = unsafe inputBase?.advanced(by: start)
        unsafe stream.pointee.avail_in = uInt(input.count - start)
        unsafe stream.pointee.next_out = unsafe output.baseAddress?.advanced(by: room.lowerBound)
        unsafe stream.pointee.avail_out = uInt(room.count)
        let result = unsafe inflate(stream, stopsBetweenBlocks ? Z_BLOCK : Z_NO_FLUSH)
        return outcome(result, input.count - start, room.count)
      }
    }
  }

  private func outcome(_ result: CInt, _ inputCount: Int, _ outputCount: Int) -> Step {
    var step = Step()
    step.consumed = unsafe inputCount - Int(stream.pointee.avail_in)
    step.produced = unsafe outputCount - Int(stream.pointee.avail_out)
    let type = unsafe stream.pointee.data_type
    switch result {
    case Z_STREAM_END:
      step.state = .ended
    case Z_OK, Z_BUF_ERROR:
      // 128: behind a block; 64: behind the last one.
      if type & 128 != 0 && type & 64 == 0 { step.state = .betweenBlocks }
      step.unusedBitCount = Int(type & 7)
    case Z_NEED_DICT:
      step.state = .damaged("needs a dictionary")
    default:
      let message = unsafe stream.pointee.msg.map { unsafe String(cString: $0) }
      step.state = .damaged(message ?? "error \(result) of zlib")
    }
    return step
  }
}

/// Bytes deflated by zlib, to save memory.
enum DeflatedBytes {
  static func deflate(_ bytes: [UInt8]) -> [UInt8] {
    var length = compressBound(uLong(bytes.count))
    return unsafe [UInt8](unsafeUninitializedCapacity: Int(length)) { buffer, count in
      let result = unsafe bytes.withUnsafeBufferPointer { bytes in
        unsafe compress2(buffer.baseAddress, &length, bytes.baseAddress, uLong(bytes.count), 1)
      }
      precondition(result == Z_OK, "there is room for deflated bytes")
      count = Int(length)
    }
  }

  static func inflate(_ deflated: [UInt8], limit: Int) -> [UInt8] {
    var length = uLong(limit)
    return unsafe [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      let result = unsafe deflated.withUnsafeBufferPointer { bytes in
        unsafe uncompress(buffer.baseAddress, &length, bytes.baseAddress, uLong(bytes.count))
      }
      precondition(result == Z_OK, "what was deflated can be inflated")
      count = Int(length)
    }
  }
}
