import Foundation
import TestSupport
import Testing

/// What the command says of itself.
@CommandThread
@Suite(.tags(.command), .timeLimit(.minutes(30)))
struct HelpTests {
  private func text(_ words: String...) throws -> String {
    let outcome = try Program.nbdgen().run(words)
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    return outcome.text
  }

  @Test("The overview begins with examples, and leads to all else")
  func overview() throws {
    let overview = try text("help")
    #expect(overview.split(separator: "\n")[1].hasPrefix("EXAMPLES"))
    let lines = overview.split(separator: "\n")
    for title in ["GENERATORS", "COMMANDS", "TOPICS"] {
      let start = try #require(lines.firstIndex { $0.hasPrefix(title) })
      let names = lines[(start + 1)...].prefix { $0.hasPrefix("  ") }
        .compactMap { $0.split(separator: " ").first.map(String.init) }
      #expect(names.count >= 4, "\(title): \(names)")
      for name in names { #expect(try text("help", name).count > 100, "\(name)") }
    }
    #expect(lines.allSatisfy { $0.count <= 100 }, "\(overview)")
  }

  @Test("Programs read what people read")
  func list() throws {
    struct Generator: Decodable {
      var name: String
      var summary: String
      var parameters: [Parameter]
    }
    struct Parameter: Decodable {
      var name: String
      var value: String
      var required: Bool
      var repeatable: Bool
      var text: String
    }
    let data = Data(try text("list", "--json").utf8)
    let generators = try JSONDecoder().decode([Generator].self, from: data)
    let lines = try text("list").split(separator: "\n")
    #expect(lines.count == generators.count && generators.count >= 4)
    for (line, generator) in zip(lines, generators) {
      #expect(line.hasPrefix(generator.name + " ") && line.hasSuffix(generator.summary))
      let page = try text("help", generator.name)
      for parameter in generator.parameters {
        #expect(page.contains("  \(parameter.name)=\(parameter.value)"), "\(parameter.name)")
      }
    }
  }

  @Test(
    "What was probably meant is suggested",
    arguments: [
      (["lsit"], "did you mean list?"), (["wirte", "x"], "did you mean write?"),
      (["help", "siz"], "did you mean sizes?"), (["help", "exit"], "there is no help"),
      (["--verbos", "data", "1"], "'--verbose'"), (["info", "adress"], "did you mean address?"),
      (["linuxdisk", ".", "type=ext44"], "did you mean ext4?"),
      (["data", "1", "--limit", "option=5"], "did you mean options?"),
      (["write", "x", "--forse", "data", "1"], "'--force'"),
    ]
  )
  func suggestions(_ words: [String], _ fragment: String) throws {
    let outcome = try Program.nbdgen().run(words)
    expectOneLine(outcome, status: 2, saying: [fragment])
  }

  @Test("Quiet means quiet, and what a program reads is JSON")
  func quietAndJSON() throws {
    let directory = try TemporaryDirectory()
    let nbdgen = try Program.nbdgen(directory: directory.path)
    let quiet = try nbdgen.run(["write", "-q", "out", "data", "1 2 3"])
    #expect(quiet.status == 0 && quiet.output.isEmpty && quiet.errors.isEmpty, "\(quiet)")
    struct Digest: Decodable, Equatable {
      var sha256: String
      var size: Int
    }
    let alsoQuiet = try nbdgen.run(["-q", "write", "--force", "out", "data", "1 2 3"])
    #expect(alsoQuiet.status == 0 && alsoQuiet.errors.isEmpty, "\(alsoQuiet)")
    let json = try nbdgen.run(["digest", "--json", "data", "1 2 3"])
    let sum = try Program("sha256sum").succeed([directory("out")]).text.prefix(64)
    let digest = try JSONDecoder().decode(Digest.self, from: Data(json.output))
    #expect(digest == Digest(sha256: String(sum), size: 3))
    let wrong = try nbdgen.run(["--json", "-U", "-", "data", "1", "--run", "true"])
    expectOneLine(wrong, status: 2, saying: ["--json and --run"])
  }
}
