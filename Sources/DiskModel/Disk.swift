/// A read-only disk: the bytes `0..<size`, made of segments.
///
/// A disk is an immutable value once it is built. Copies share their storage,
/// and a disk used inside another one is stored once, however often it occurs.
///
/// Building is appending: the segments cover the disk in order, without gaps
/// or overlap. Nothing is read or computed until somebody reads the disk.
public struct Disk: Sendable {
  /// Size in bytes, at most 2^63 - 1.
  public private(set) var size = 0

  /// Where each segment starts, ascending; the first starts at 0.
  private(set) var starts: [Int] = []

  /// What each segment holds, in the order of `starts`.
  private(set) var contents: [Segment.Content] = []

  /// What each segment is for, in the order of `starts`.
  private(set) var roles: [Segment.Role?] = []

  /// The kind of all bytes of the disk, if there is one.
  private(set) var uniformKind: Extent.Kind?

  /// The role of all bytes of the disk, if there is one.
  private(set) var uniformRole: Segment.Role?

  /// Whether anything was given a role.
  private(set) var hasRoles = false

  /// Whether every byte is known to be zero without reading it.
  public private(set) var isZero = true

  /// Whether no part of the disk comes from a source.
  private(set) var isInMemory = true

  /// How deep repetitions are nested; reading them takes as many calls.
  public private(set) var nestingDepth = 0

  /// Creates a disk of size 0.
  public init() {}

  /// Number of segments.
  public var segmentCount: Int { starts.count }

  /// The segment at `index`, counted from 0 in the order of the disk.
  ///
  /// - Precondition: `index` is in `0..<segmentCount`.
  public func segment(at index: Int) -> Segment {
    Segment(range: range(ofSegmentAt: index), content: contents[index], role: roles[index])
  }

  /// The bytes that the segment at `index` covers.
  func range(ofSegmentAt index: Int) -> Range<Int> {
    starts[index]..<end(ofSegmentAt: index)
  }

  /// Where the segment at `index` ends.
  func end(ofSegmentAt index: Int) -> Int {
    index + 1 < starts.count ? starts[index + 1] : size
  }

  /// Index of the segment that covers `offset`, by binary search.
  ///
  /// - Precondition: `offset` is in `0..<size`.
  package func segmentIndex(at offset: Int) -> Int {
    precondition(0 <= offset && offset < size, "the offset lies on the disk")
    var low = 0
    var high = starts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= offset { low = middle } else { high = middle }
    }
    return low
  }

  /// Appends `count` bytes of `content`; neighbouring zeros of one kind and role
  /// merge.
  ///
  /// - Parameters:
  ///   - content: What the bytes are.
  ///   - count: Number of bytes; 0 appends nothing.
  ///   - role: What they are for; `nil` if their content says all that is known.
  /// - Throws: ``DiskError/tooLarge`` if the disk would exceed 2^63 - 1 bytes.
  /// - Precondition: `count` is not negative.
  public mutating func append(
    _ content: Segment.Content,
    count: Int,
    as role: Segment.Role? = nil
  ) throws(DiskError) {
    precondition(count >= 0, "a segment has no negative size")
    guard count > 0 else { return }
    let (newSize, overflow) = size.addingReportingOverflow(count)
    guard !overflow else { throw .tooLarge }
    let kind = content.uniformKind
    uniformKind = size == 0 || uniformKind == kind ? kind : nil
    let purpose = role ?? content.uniformRole
    uniformRole = size == 0 || uniformRole == purpose ? purpose : nil
    hasRoles = hasRoles || role != nil
    switch content {
    case .zeros:
      break
    case .bytes:
      isZero = false
    case .source:
      isZero = false
      isInMemory = false
    case .repeating(let unit, _):
      isZero = isZero && unit.isZero
      isInMemory = isInMemory && unit.isInMemory
      hasRoles = hasRoles || unit.hasRoles
      nestingDepth = max(nestingDepth, unit.nestingDepth + 1)
    }
    if case .zeros(let kind) = content, case .zeros(kind)? = contents.last, roles.last == role {
      size = newSize
      return
    }
    starts.append(size)
    contents.append(content)
    roles.append(role)
    size = newSize
  }

  /// Makes room for `count` more segments, so that appending them is cheap.
  public mutating func reserveSegments(_ count: Int) {
    starts.reserveCapacity(starts.count + count)
    contents.reserveCapacity(contents.count + count)
    roles.reserveCapacity(roles.count + count)
  }
}

/// What building a disk can fail with.
public enum DiskError: Error, Equatable {
  /// The disk would be larger than 2^63 - 1 bytes.
  case tooLarge
}
