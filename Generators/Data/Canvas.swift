import DiskModel

/// What a list of an expression writes to: an offset that moves, and bytes that
/// later ones may cover.
struct Canvas {
  /// Where the next bytes go.
  private(set) var offset = 0

  /// The largest offset that there was.
  private(set) var size = 0

  /// What was written, as long as nothing covers anything.
  private var disk = Disk()

  /// Everything that was written, in order, since something was covered.
  private var layers: [Layer] = []

  /// Bytes at a place; later layers cover earlier ones.
  struct Layer {
    var range: Range<Int>
    var disk: Disk
  }

  /// Moves the offset; forward, the canvas grows.
  mutating func move(to offset: Int) {
    self.offset = offset
    size = max(size, offset)
  }

  /// Writes a disk at the offset, its holes included.
  mutating func write(_ written: Disk) throws(DiskError) {
    let (end, overflow) = offset.addingReportingOverflow(written.size)
    guard !overflow else { throw .tooLarge }
    let start = offset
    move(to: end)
    guard start < end else { return }
    if layers.isEmpty && start >= disk.size {
      try disk.pad(to: start)
      try disk.append(contentsOf: written)
      return
    }
    if layers.isEmpty { layers = [Layer(range: 0..<disk.size, disk: disk)] }
    layers.append(Layer(range: start..<end, disk: written))
  }

  /// The disk that was painted.
  func finish() throws(DiskError) -> Disk {
    var result = Disk()
    if layers.isEmpty {
      result = disk
    } else {
      for piece in Self.visiblePieces(of: layers) {
        let layer = layers[piece.layer]
        try result.pad(to: piece.range.lowerBound)
        let start = piece.range.lowerBound - layer.range.lowerBound
        try result.append(contentsOf: layer.disk.slice(start..<start + piece.range.count))
      }
    }
    try result.pad(to: size)
    return result
  }

  /// A part of a layer that no later one covers.
  struct Piece: Equatable {
    var range: Range<Int>
    var layer: Int
  }

  /// The parts of the layers that can be seen, ascending.
  ///
  /// A sweep from the start to the end: of the layers that cover a place, the
  /// last one is seen. It takes n·log n steps for n layers.
  static func visiblePieces(of layers: [Layer]) -> [Piece] {
    let starts = layers.indices.sorted { layers[$0].range.lowerBound < layers[$1].range.lowerBound }
    var bounds = layers.flatMap { [$0.range.lowerBound, $0.range.upperBound] }
    bounds.sort()
    var pieces: [Piece] = []
    var open = MaximumHeap()
    var next = 0
    for (start, end) in zip(bounds, bounds.dropFirst()) where start < end {
      while next < starts.count, layers[starts[next]].range.lowerBound <= start {
        open.insert(starts[next])
        next += 1
      }
      while let top = open.maximum, layers[top].range.upperBound <= start { open.removeMaximum() }
      guard let top = open.maximum else { continue }
      if let last = pieces.last, last.layer == top, last.range.upperBound == start {
        pieces[pieces.count - 1].range = last.range.lowerBound..<end
      } else {
        pieces.append(Piece(range: start..<end, layer: top))
      }
    }
    return pieces
  }
}

/// Numbers of which the largest is at hand.
private struct MaximumHeap {
  private var elements: [Int] = []

  var maximum: Int? { elements.first }

  mutating func insert(_ element: Int) {
    elements.append(element)
    var index = elements.count - 1
    while index > 0, elements[(index - 1) / 2] < elements[index] {
      elements.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  mutating func removeMaximum() {
    elements.swapAt(0, elements.count - 1)
    elements.removeLast()
    var index = 0
    while true {
      let children = [2 * index + 1, 2 * index + 2].filter { $0 < elements.count }
      guard let child = children.max(by: { elements[$0] < elements[$1] }),
        elements[child] > elements[index]
      else { return }
      elements.swapAt(index, child)
      index = child
    }
  }
}
