import Foundation
import TestSupport
import Testing

/// What docs/manifests.md shows is what happens.
@FilesystemThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct ManifestPageTests {
  /// A block of a page: what stands behind the fence, the lines, and the name in
  /// backquotes at the end of the line before.
  private struct Block {
    var kind: String
    var text: String
    var name: String?
  }

  private func blocks(of page: String) -> [Block] {
    var blocks: [Block] = []
    var current: Block?
    var lastLine = ""
    for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("```") {
        if let block = current { blocks.append(block) }
        let name = lastLine.hasSuffix("`:") ? lastLine.split(separator: "`").dropLast().last : nil
        current =
          current == nil
          ? Block(kind: String(line.dropFirst(3)), text: "", name: name.map(String.init)) : nil
      } else if current != nil {
        current?.text += line + "\n"
      } else if !line.isEmpty {
        lastLine = String(line)
      }
      if line.hasPrefix("```") { lastLine = "" }
    }
    return blocks
  }

  @Test("The page's examples do what it says")
  func examples() throws {
    let top = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let page = top.appendingPathComponent("docs/manifests.md").path
    let blocks = blocks(of: try String(contentsOfFile: page, encoding: .utf8))
    #expect(blocks.count > 14)
    let directory = try TemporaryDirectory()
    let programs = URL(fileURLWithPath: try Program.nbdgen().path).deletingLastPathComponent().path
    var output = ""
    for block in blocks {
      switch block.kind {
      case "mtree", "devices":
        let name = try #require(block.name, "\(block.text)")
        try RawPath(directory(name)).write(Array(block.text.utf8))
      case "sh":
        let line = "set -e; umask 022; export PATH=\"\(programs):$PATH\"\n\(block.text)"
        let outcome = try Program.shell(line, directory: directory.path)
        #expect(outcome.status == 0, "\(block.text): \(outcome)")
        output = outcome.text
      case "output":
        #expect(output == block.text)
      default:
        Issue.record("a block of a kind that is not known: \(block.kind)")
      }
    }
  }
}
