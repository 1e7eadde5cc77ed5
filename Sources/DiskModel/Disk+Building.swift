extension Disk {
  /// Creates a disk that holds `bytes`, with a role if one is given.
  public init(_ bytes: [UInt8], as role: Segment.Role? = nil) {
    self.init()
    appendInfallibly(.bytes(bytes, offset: 0), count: bytes.count, as: role)
  }

  /// Creates a disk of `size` bytes that read as zero.
  ///
  /// - Precondition: `size` is not negative.
  public init(zeros kind: Segment.ZeroKind, size: Int) {
    self.init()
    appendInfallibly(.zeros(kind), count: size)
  }

  /// The first segment of a disk cannot make it too large.
  private mutating func appendInfallibly(
    _ content: Segment.Content,
    count: Int,
    as role: Segment.Role? = nil
  ) {
    precondition(size == 0, "only the first segment is appended infallibly")
    do throws(DiskError) {
      try append(content, count: count, as: role)
    } catch {
      preconditionFailure("one segment is at most 2^63 - 1 bytes")
    }
  }

  /// Appends `bytes`, with a role if one is given.
  ///
  /// - Throws: ``DiskError/tooLarge`` if the disk would exceed 2^63 - 1 bytes.
  public mutating func append(
    _ bytes: [UInt8],
    as role: Segment.Role? = nil
  ) throws(DiskError) {
    try append(.bytes(bytes, offset: 0), count: bytes.count, as: role)
  }

  /// Number of segments up to which an appended disk is spliced in; a larger
  /// one becomes a single segment that refers to it.
  private static var spliceLimit: Int { 64 }

  /// Appends all of `other`, sharing its storage.
  ///
  /// - Throws: ``DiskError/tooLarge`` if the disk would exceed 2^63 - 1 bytes.
  public mutating func append(contentsOf other: Disk) throws(DiskError) {
    guard !size.addingReportingOverflow(other.size).overflow else { throw .tooLarge }
    guard other.segmentCount > Self.spliceLimit else {
      for index in 0..<other.segmentCount {
        let count = other.range(ofSegmentAt: index).count
        try append(other.contents[index], count: count, as: other.roles[index])
      }
      return
    }
    try append(.repeating(other, phase: 0), count: other.size)
  }

  /// Appends zeros until the size is a multiple of `alignment`.
  ///
  /// The zeros take no storage and are reported to clients as a hole.
  ///
  /// - Throws: ``DiskError/tooLarge`` if the disk would exceed 2^63 - 1 bytes.
  /// - Precondition: `alignment` is positive, in bytes.
  public mutating func align(to alignment: Int) throws(DiskError) {
    precondition(alignment > 0, "an alignment is positive")
    let excess = size % alignment
    if excess != 0 { try append(.zeros(.hole), count: alignment - excess) }
  }

  /// Appends zeros, reported as a hole, until the disk has `size` bytes; with a
  /// role if one is given, else they are free.
  ///
  /// - Throws: ``DiskError/tooLarge`` never, but appending may.
  /// - Precondition: `size` is not less than the disk's.
  public mutating func pad(to size: Int, as role: Segment.Role? = nil) throws(DiskError) {
    precondition(size >= self.size, "padding does not shorten a disk")
    try append(.zeros(.hole), count: size - self.size, as: role)
  }

  /// The disk that consists of the bytes of `range`.
  ///
  /// - Precondition: `range` is inside `0..<size`.
  public func slice(_ range: Range<Int>) -> Disk {
    precondition(range.lowerBound >= 0 && range.upperBound <= size, "the range lies on the disk")
    var slice = Disk()
    guard !range.isEmpty else { return slice }
    var index = segmentIndex(at: range.lowerBound)
    // Slices of slices would copy the segments of large disks over and over.
    if segmentIndex(at: range.upperBound - 1) - index >= Self.spliceLimit {
      if range.count == size { return self }
      slice.appendInfallibly(.repeating(self, phase: range.lowerBound), count: range.count)
      return slice
    }
    while index < segmentCount {
      let covered = self.range(ofSegmentAt: index).clamped(to: range)
      guard !covered.isEmpty else { break }
      let skipped = covered.lowerBound - starts[index]
      do throws(DiskError) {
        let content = contents[index].advanced(by: skipped)
        try slice.append(content, count: covered.count, as: roles[index])
      } catch {
        preconditionFailure("a slice is no larger than its disk")
      }
      index += 1
    }
    return slice
  }

  /// The disks one after the other.
  ///
  /// - Throws: ``DiskError/tooLarge`` if the disk would exceed 2^63 - 1 bytes.
  public static func concatenate(_ disks: [Disk]) throws(DiskError) -> Disk {
    var result = Disk()
    for disk in disks { try result.append(contentsOf: disk) }
    return result
  }
}
