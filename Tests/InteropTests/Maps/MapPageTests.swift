import Foundation
import TestSupport
import Testing

/// What docs/maps.md shows is what happens.
@FilesystemThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct MapPageTests {
  @Test("The page's commands print what it says")
  func examples() throws {
    var top = URL(fileURLWithPath: #filePath)
    for _ in 0..<4 { top.deleteLastPathComponent() }
    let file = top.appendingPathComponent("docs/maps.md")
    let page = try String(contentsOf: file, encoding: .utf8)
    let directory = try TemporaryDirectory()
    let programs = URL(fileURLWithPath: try Program.nbdgen().path).deletingLastPathComponent().path
    var output = ""
    var count = 0
    // Every second part is a block: its kind, and lines.
    for part in page.components(separatedBy: "```").enumerated() where part.offset % 2 == 1 {
      let kind = part.element.prefix { $0 != "\n" }
      let text = String(part.element.dropFirst(kind.count + 1))
      switch kind {
      case "sh":
        let line = "set -e; export PATH=\"\(programs):$PATH\"\n\(text)"
        let outcome = try Program.shell(line, directory: directory.path)
        #expect(outcome.status == 0, "\(text): \(outcome)")
        output = outcome.text
      case "output":
        #expect(output == text)
        count += 1
      default:
        Issue.record("a block of a kind that is not known: \(kind)")
      }
    }
    #expect(count >= 4)
  }
}
