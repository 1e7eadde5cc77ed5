import DiskModel

/// Bytes that are computed when a client reads them.
final class NumberedSectors: ByteSource {
  func read(
    _ count: Int,
    at offset: Int,
    into output: inout OutputRawSpan
  ) throws(ReadFailure) {
    var (sector, start) = offset.quotientAndRemainder(dividingBy: 512)
    var rest = count
    while rest > 0 {
      let number = Array("sector \(sector)".utf8)
      let bytes = number + Array(repeating: 0x20, count: 511 - number.count) + [0x0A]
      let piece = bytes[start...].prefix(rest)
      output.append(copying: piece.span)
      rest -= piece.count
      (sector, start) = (sector + 1, 0)
    }
  }
}
