import DiskModel
import GeneratorKit

/// A byte or a sector of a disk that is asked for.
struct Place {
  /// As it was written.
  let text: String
  /// The bytes: one, or those of a sector.
  let range: Range<Int>

  private static let sectorSize = 512

  /// Takes a place from the command line.
  ///
  /// - Throws: ``UserError`` if it is none.
  init(_ text: String) throws {
    self.text = text
    let isSector = text.hasSuffix("s") || text.hasSuffix("S")
    var offset = Size.parse(text)
    if text.hasPrefix("0x") || text.hasPrefix("0X") {
      offset = Int(text.dropFirst(2), radix: 16).flatMap { $0 < 0 ? nil : $0 }
    }
    guard let offset, offset < .max else {
      throw UserError(
        usage: "who: \(text): not a place; write an offset such as 1M, or a sector such as 2048s"
      )
    }
    range = offset..<offset + min(isSector ? Self.sectorSize : 1, .max - offset)
  }

  /// What some of the bytes belong to.
  struct Answer {
    /// The first of the bytes.
    var offset: Int
    /// All of what they belong to.
    var piece: MapPiece

    /// Where the first byte is in the file.
    var fileOffset: Int? {
      piece.owner.offset.map { $0 + offset - piece.range.lowerBound }
    }
  }

  /// What the bytes belong to, in their order; the disk may end within a sector.
  func answers(on map: any DiskMap) -> [Answer] {
    var answers: [Answer] = []
    var position = range.lowerBound
    while position < min(range.upperBound, map.size) {
      let piece = map.detail(at: position)
      answers.append(Answer(offset: position, piece: piece))
      position = piece.range.upperBound
    }
    return answers
  }
}

extension Place.Answer {
  /// The answer in a line for people.
  func description(of place: Place) -> String {
    var owner = piece.owner
    let start = fileOffset
    owner.offset = nil
    var text = "\(place.text): "
    if place.range.count > 1 && offset > place.range.lowerBound {
      text += "from byte \(offset - place.range.lowerBound) of it on: "
    }
    if let start, owner.path != nil { text += "byte \(grouped(start)) of " }
    text += owner.description
    if owner.kind.rawValue != "inode", let inode = owner.inode { text += ", inode \(inode)" }
    if let source = owner.source, source != owner.path.map({ printable($0) }) {
      text += ", from \(source)"
    }
    return text
  }
}
