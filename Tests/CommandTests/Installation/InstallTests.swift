import Foundation
import TestSupport
import Testing

/// What is installed is complete, and in order.
@CommandThread
@Suite("Installation", .tags(.command), .timeLimit(.minutes(30)))
struct InstallTests {
  @Test("make install installs, and make uninstall takes all of it away")
  func installAndUninstall() throws {
    let installation = try Installation(in: try TemporaryDirectory())
    let files = try installation.files()
    let expected = [
      "bin/nbdgen", "lib/systemd/system/nbdgen@.service", "lib/systemd/system/nbdgen@.socket",
      "share/bash-completion/completions/nbdgen", "share/doc/nbdgen/index.html",
      "share/doc/nbdgen/reference.html", "share/fish/vendor_completions.d/nbdgen.fish",
      "share/man/man1/nbdgen.1", "share/zsh/site-functions/_nbdgen",
    ]
    for name in expected { #expect(files.contains(".\(Installation.prefix)/\(name)"), "\(name)") }
    let version = try Program(installation("bin/nbdgen")).succeed(["--version"]).text
    #expect(version.hasPrefix("nbdgen "))
    try Installation.make("uninstall", in: installation.directory)
    #expect(try installation.files() == [])
  }

  @Test("The manual page is right for mandoc and for man")
  func manualPage() throws {
    let page = try Installation.shared()("share/man/man1/nbdgen.1")
    let lint = try Program("mandoc").run(["-T", "lint", "-W", "warning", page])
    #expect(lint.status == 0, "\(lint)")
    let shown = try Program("man", environment: ["MANWIDTH": "80", "LC_ALL": "C.UTF-8"])
      .succeed(["--warnings=w", "-l", page])
    #expect(shown.errorLines == [], "\(shown)")
    #expect(shown.lines.filter { $0.count > 110 } == [])
  }

  /// A command as the argument parser tells it.
  private struct Dump: Decodable {
    var command: Command

    struct Command: Decodable {
      var commandName: String
      var shouldDisplay: Bool?
      var defaultSubcommand: String?
      var subcommands: [Command]?
      var arguments: [Argument]?
    }
    struct Argument: Decodable {
      var names: [Name]?
      var shouldDisplay: Bool
    }
    struct Name: Decodable {
      var kind: String
      var name: String
    }
  }

  @Test("Manual page and HTML tell of every command, option and generator")
  func everythingIsTold() throws {
    let installation = try Installation.shared()
    let nbdgen = try Program.nbdgen()
    let dump = try nbdgen.succeed(["--experimental-dump-help"]).output
    let root = try JSONDecoder().decode(Dump.self, from: Data(dump)).command
    var words: Set<String> = []
    for command in root.subcommands ?? [] {
      let isDefault = command.commandName == root.defaultSubcommand
      guard isDefault || command.shouldDisplay != false else { continue }
      if !isDefault { words.insert("nbdgen \(command.commandName)") }
      for argument in command.arguments ?? [] where argument.shouldDisplay {
        for name in argument.names ?? [] where name.kind == "long" && name.name != "help" {
          words.insert("--\(name.name)")
        }
      }
    }
    let overview = try nbdgen.succeed(["help"]).lines
    let start = try #require(overview.firstIndex { $0.hasPrefix("GENERATORS") })
    let generators = overview[(start + 1)...].prefix { !$0.isEmpty }
      .compactMap { $0.split(separator: " ").first }
    #expect(generators.count > 3 && words.count > 20)
    words.formUnion(generators.map { "nbdgen \($0)" })
    for generator in generators {
      let page = try nbdgen.succeed(["help", String(generator)]).lines
      words.formUnion(
        page.compactMap { line in
          line.firstMatch(of: /^  ([a-z-]+=)/).map { String($0.1) }
        }
      )
    }
    let roff = try String(contentsOfFile: installation("share/man/man1/nbdgen.1"), encoding: .utf8)
      .replacing("\\-", with: "-")
    let html = try String(
      contentsOfFile: installation("share/doc/nbdgen/reference.html"),
      encoding: .utf8
    )
    for word in words {
      #expect(roff.contains(word), "\(word)")
      #expect(html.contains(word), "\(word)")
    }
  }

  @Test("The HTML pages are valid, stand for themselves, and lead nowhere that is not there")
  func pages() throws {
    let folder = try Installation.shared()("share/doc/nbdgen")
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder)
      .filter { $0.hasSuffix(".html") }
    #expect(names.count > 5)
    let texts = try Dictionary(
      uniqueKeysWithValues: names.map { name in
        (name, try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8))
      }
    )
    for (name, text) in texts {
      let tidy = try Program("tidy").run(["-quiet", "-errors", "\(folder)/\(name)"])
      #expect(tidy.status == 0, "\(name): \(tidy)")
      #expect(text.contains("prefers-color-scheme: dark"))
      #expect(!text.contains(/<(script|link|iframe)|src="[a-z]+:|url\(/), "\(name)")
      let base = URL(fileURLWithPath: "\(folder)/\(name)")
      for match in text.matches(of: /(?:href|src)="([^"]*)"/) {
        let link = String(match.1)
        if link.hasPrefix("https://") || link.hasPrefix("http://") { continue }
        let parts = link.split(separator: "#", omittingEmptySubsequences: false).map(String.init)
        let target =
          parts[0].isEmpty ? base : base.deletingLastPathComponent().appending(path: parts[0])
        let path = target.standardizedFileURL.path
        #expect(FileManager.default.fileExists(atPath: path), "\(name): \(link)")
        guard parts.count == 2, path.hasPrefix(folder) else { continue }
        let page = texts[String(path.dropFirst(folder.count + 1))] ?? ""
        #expect(page.contains("id=\"\(parts[1])\""), "\(name): \(link)")
      }
    }
  }
}
