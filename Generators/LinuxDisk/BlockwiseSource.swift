import DiskModel

/// A source that is computed in units of one size.
protocol BlockwiseSource: ByteSource {
  /// Size of a unit in bytes.
  var unitSize: Int { get }

  /// Appends the bytes of unit `index`, exactly `unitSize` of them.
  func appendUnit(_ index: Int, to output: inout OutputRawSpan)
}

extension BlockwiseSource {
  func read(
    _ count: Int,
    at offset: Int,
    into output: inout OutputRawSpan
  ) throws(ReadFailure) {
    var position = offset
    let end = offset + count
    while position < end {
      let unit = position / unitSize
      let start = unit * unitSize
      if position == start && end - position >= unitSize {
        appendUnit(unit, to: &output)
        position += unitSize
        continue
      }
      let whole = self.unit(unit)
      let part = position - start..<min(end, start + unitSize) - start
      output.append(copying: whole.span.extracting(part))
      position = start + part.upperBound
    }
  }

  /// The bytes of unit `index`.
  func unit(_ index: Int) -> [UInt8] {
    [UInt8](capacity: unitSize) { span in
      unsafe span.withUnsafeMutableBufferPointer { buffer, initializedCount in
        var output = unsafe OutputRawSpan(
          buffer: UnsafeMutableRawBufferPointer(buffer),
          initializedCount: 0
        )
        appendUnit(index, to: &output)
        initializedCount = output.byteCount
      }
    }
  }
}

extension OutputRawSpan {
  /// Appends zeros until `size` bytes were appended since `start`.
  mutating func pad(to size: Int, since start: Int) {
    append(zeros: size - (byteCount - start))
  }
}
