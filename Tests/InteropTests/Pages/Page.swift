import Foundation

/// A page of the documentation, as far as something in it can be run.
///
/// The page is a session of one shell in an empty directory:
///
/// - A block of the kind `sh` is run. The word `ctrl-c` behind the kind is for servers: the block is
///   ended as by Ctrl-C once it serves, and has to end with status 0.
/// - A block of the kind `output` is what the block before it wrote to the standard output; a line of
///   three dots stands for any lines.
/// - A block of another kind after a line that ends with a name in backquotes and a colon is a file of that name.
/// - A block of the kind `text` is to be read only.
/// - What is in a comment that starts with the word `setup` is run, too, but not shown.
struct Page {
  /// Its path below the top of the repository.
  var path: String

  var blocks: [Block]

  struct Block {
    var kind: Kind
    var text: String
    /// Where it starts, counted from 1.
    var line: Int

    /// The first line, by which people know it.
    var title: String { text.split(separator: "\n").first.map(String.init) ?? "" }
  }

  enum Kind: Equatable {
    case commands, server, setup, output, text
    case file(name: String)
    /// Indented, or with a fence of another kind.
    case other(String)
  }

  init(path: String, below top: String) throws {
    self.path = path
    blocks = Self.blocks(of: try String(contentsOfFile: "\(top)/\(path)", encoding: .utf8))
  }

  private static func blocks(of text: String) -> [Block] {
    var blocks: [Block] = []
    /// The block that is open, and the line that closes it.
    var open: (block: Block, end: String)?
    var lastLine = ""
    var isAfterEmptyLine = true
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      if let (block, end) = open {
        if line == end {
          blocks.append(block)
          open = nil
          lastLine = ""
        } else {
          open?.block.text += line + "\n"
        }
      } else if line.hasPrefix("```") {
        let kind = kind(String(line.dropFirst(3)), after: lastLine)
        open = (Block(kind: kind, text: "", line: index + 1), "```")
      } else if line == "<!-- setup" {
        open = (Block(kind: .setup, text: "", line: index + 1), "-->")
      } else if isAfterEmptyLine, line.hasPrefix("    ") {
        blocks.append(Block(kind: .other("indented"), text: String(line), line: index + 1))
      } else if !line.isEmpty {
        lastLine = String(line)
      }
      isAfterEmptyLine = line.isEmpty
    }
    if let (block, _) = open { blocks.append(block) }
    return blocks
  }

  private static func kind(_ word: String, after line: String) -> Kind {
    if !word.hasPrefix("sh"), line.hasSuffix("`:"),
      let name = line.split(separator: "`").dropLast().last
    {
      return .file(name: String(name))
    }
    return switch word {
    case "sh": .commands
    case "sh ctrl-c": .server
    case "output": .output
    case "text": .text
    default: .other(word)
    }
  }
}
