package import CHost
package import SystemPackage

/// Names for results of the C wrappers: a number, or an errno.
package enum HostCall {
  /// The number, if it is not a negated errno.
  package static func check(_ result: CInt) throws(Errno) -> CInt {
    guard result >= 0 else { throw Errno(rawValue: -result) }
    return result
  }

  /// The number, if it is not a negated errno.
  package static func check(_ result: Int64) throws(Errno) -> Int64 {
    guard result >= 0 else { throw Errno(rawValue: CInt(-result)) }
    return result
  }

  /// Status of an open file.
  package static func status(of descriptor: CInt) throws(Errno) -> host_status {
    var status = host_status()
    _ = try check(unsafe host_status(descriptor, &status))
    return status
  }

  /// Reads up to the free capacity of `output`, but at most `count` bytes.
  ///
  /// - Returns: How many bytes there were; 0 at the end of the file.
  package static func read(
    _ descriptor: CInt,
    count: Int,
    at offset: Int,
    into output: inout OutputRawSpan,
    mayWait: Bool
  ) throws(Errno) -> Int {
    var result: Int64 = 0
    unsafe output.withUnsafeMutableBytes { buffer, initializedCount in
      let target = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[initializedCount...])
      result = unsafe host_read(
        descriptor,
        target.baseAddress,
        min(count, target.count),
        Int64(offset),
        mayWait ? 0 : 1
      )
      if result > 0 { initializedCount += Int(result) }
    }
    return Int(try check(result))
  }

  /// Reads what a stream has, at most `count` bytes; nothing at its end.
  package static func readStream(_ descriptor: CInt, count: Int) throws(Errno) -> [UInt8] {
    var result: Int64 = 0
    let bytes = [UInt8](capacity: count) { span in
      unsafe span.withUnsafeMutableBufferPointer { buffer, initializedCount in
        result = unsafe host_read_stream(descriptor, buffer.baseAddress, buffer.count)
        initializedCount = max(0, Int(result))
      }
    }
    _ = try check(result)
    return bytes
  }

  /// Reads a whole file.
  package static func readFile(_ path: String) throws(Errno) -> [UInt8] {
    let descriptor = try openPath(path)
    defer { host_close(descriptor) }
    var bytes: [UInt8] = []
    while true {
      let piece = try readStream(descriptor, count: 1 << 16)
      if piece.isEmpty { return bytes }
      bytes += piece
    }
  }

  /// Start of the next data or hole at or behind `offset`, `nil` behind the last.
  package static func seek(
    _ descriptor: CInt,
    from offset: Int,
    toHole: Bool
  ) throws(Errno) -> Int? {
    do throws(Errno) {
      return Int(try check(host_seek(descriptor, Int64(offset), toHole ? 1 : 0)))
    } catch .noSuchAddressOrDevice {
      return nil
    }
  }

  /// The runs of data of an open file of `size` bytes, in order; what lies
  /// between them reads as zero.
  ///
  /// A filesystem that does not know holes has one run.
  package static func dataRanges(of descriptor: CInt, size: Int) throws(Errno) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    var offset = 0
    while offset < size {
      guard let start = try seek(descriptor, from: offset, toHole: false), start < size else {
        break
      }
      let end = min(try seek(descriptor, from: start, toHole: true) ?? size, size)
      guard end > start else { break }
      ranges.append(start..<end)
      offset = end
    }
    return ranges
  }
}

extension FileSeal {
  /// The seal of the file that `status` describes.
  package init(_ status: host_status) {
    self.init(
      device: status.device,
      inode: status.inode,
      size: Int(clamping: status.size),
      modified: Timestamp(
        seconds: status.modified_seconds,
        nanoseconds: status.modified_nanoseconds
      ),
      changed: Timestamp(seconds: status.changed_seconds, nanoseconds: status.changed_nanoseconds)
    )
  }
}
