/// A text with headings and lists, from which manual pages and HTML are printed.
struct ReferencePage {
  /// What it consists of, from top to bottom.
  var blocks: [Block] = []

  enum Block: Equatable {
    /// A chapter starts.
    case heading(String)

    /// A part of a chapter starts; it can be found by the name.
    case subheading(String, name: String)

    /// A title inside of a part.
    case title(String)

    /// Words that are wrapped by whoever prints them.
    case paragraph(String)

    /// How something is written: a usage line.
    case usage(String)

    /// What is explained, and what is said of it.
    case definition(term: String, text: String)

    /// Lines that stay as they are.
    case verbatim([String])
  }

  /// A piece of a paragraph.
  struct Piece: Equatable {
    var text: String
    /// Whether it is something to be typed.
    var isLiteral: Bool
  }

  /// Words of a paragraph, with one blank between them; punctuation around what is to be
  /// typed is not part of it.
  static func pieces(of text: String) -> [Piece] {
    var pieces: [Piece] = []
    for (index, word) in text.split(whereSeparator: \.isWhitespace).enumerated() {
      if index > 0 { pieces.append(Piece(text: " ", isLiteral: false)) }
      let start = word.firstIndex { !"(\"".contains($0) } ?? word.endIndex
      let end = word.lastIndex { !",.;:)\"".contains($0) }.map(word.index(after:)) ?? start
      guard start < end, isLiteral(word[start..<end]) else {
        pieces.append(Piece(text: String(word), isLiteral: false))
        continue
      }
      for (part, isLiteral) in [
        (word[..<start], false), (word[start..<end], true), (word[end...], false),
      ] where !part.isEmpty {
        pieces.append(Piece(text: String(part), isLiteral: isLiteral))
      }
    }
    return pieces
  }

  /// Whether a word is to be typed: an option, a variable, or a parameter.
  private static func isLiteral(_ word: Substring) -> Bool {
    if word.hasPrefix("-") {
      return word.count > 1 && !word.allSatisfy { "-0123456789".contains($0) }
    }
    if word.hasPrefix("$") { return word.count > 1 }
    guard let equals = word.firstIndex(of: "="), equals > word.startIndex else { return false }
    return word[..<equals].allSatisfy {
      $0.isLetter && $0.isLowercase || $0.isNumber || "-_.".contains($0)
    }
  }
}

extension ReferencePage {
  /// Adds paragraphs separated by empty lines; indented ones stay as they are, and
  /// those in capitals are titles.
  mutating func add(discussion: String) {
    let lines = discussion.split(separator: "\n", omittingEmptySubsequences: false)
    for paragraph in lines.split(whereSeparator: \.isEmpty) {
      if paragraph.first?.hasPrefix(" ") == true {
        let margin = paragraph.map { $0.prefix { $0 == " " }.count }.min() ?? 0
        let rest = paragraph.map { String($0.dropFirst(margin)) }
        // What an empty line separates belongs together.
        if case .verbatim(let before)? = blocks.last {
          blocks[blocks.count - 1] = .verbatim(before + [""] + rest)
        } else {
          blocks.append(.verbatim(rest))
        }
      } else {
        let text = paragraph.joined(separator: " ")
        let isTitle = text.contains(where: \.isUppercase) && !text.contains(where: \.isLowercase)
        blocks.append(isTitle && !text.hasSuffix(".") ? .title(text) : .paragraph(text))
      }
    }
  }
}
