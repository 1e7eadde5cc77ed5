/// An expression, taken apart: what stands side by side in it, in order.
typealias SyntaxList = [Element]

/// One thing in a list.
struct Element {
  var kind: Kind
  var position: Position

  /// What it is.
  enum Kind {
    /// Something that writes bytes at the offset.
    case term(Term)
    /// A move of the offset, or a check of it.
    case move(Move)
    /// A name for an expression, visible from here to the end of the list.
    case definition(name: Name, Term)
  }

  /// What to do with the offset; numbers are not negative.
  enum Move {
    case to(Int)
    case forward(Int)
    case back(Int)
    /// Up to the next multiple of a power of two.
    case align(Int)
    case expect(Int)
    case expectAtMost(Int)
  }
}

/// Something that stands for bytes.
indirect enum Term {
  case bytes([UInt8])
  case group(SyntaxList)
  case name(Name, Position)
  case file([UInt8], Position)
  case script([UInt8], Position)
  case repeated(Term, Int, Position)
  /// From and to are not negative; `nil` means the start and the end.
  case slice(Term, from: Int?, to: Int?, Position)

  /// Whether making the bytes has no effect but the bytes: it reads no file
  /// and runs no script.
  var isPure: Bool {
    switch self {
    case .bytes: true
    case .file, .script: false
    // What a name stands for was looked at where it was defined.
    case .name: true
    case .repeated(let term, _, _), .slice(let term, _, _, _): term.isPure
    case .group(let list):
      list.allSatisfy { element in
        switch element.kind {
        case .term(let term), .definition(_, let term): term.isPure
        case .move: true
        }
      }
    }
  }
}

/// A `\name`, quick to compare.
struct Name: Equatable {
  private let hash: Int
  let text: String

  init(_ text: String) {
    hash = text.hashValue
    self.text = text
  }
}
