extension Disk {
  /// The same bytes and extents without repetitions, if that takes no more than
  /// `limit` bytes, nothing has to be read from a source, and nothing has a role;
  /// else the disk as it is.
  ///
  /// Repetitions of few bytes inside of others take longer to read than the bytes.
  public func flattened(limit: Int) -> Disk {
    guard nestingDepth > 0, isInMemory, !hasRoles, size <= limit else { return self }
    var flat = Disk()
    do {
      let bytes = try bytes(0..<size)
      for extent in extents(in: 0..<size) {
        let content: Segment.Content =
          switch extent.kind {
          case .hole: .zeros(.hole)
          case .zero: .zeros(.written)
          case .data: .bytes(bytes, offset: extent.range.lowerBound)
          }
        try flat.append(content, count: extent.range.count)
      }
    } catch {
      preconditionFailure("what is in memory can be read, and is no larger than it was")
    }
    return flat
  }
}
