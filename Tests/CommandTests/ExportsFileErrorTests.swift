import Foundation
import TestSupport
import Testing

/// Files of exports that are wrong.
@CommandThread
@Suite(.tags(.command), .timeLimit(.minutes(30)))
struct ExportsFileErrorTests {
  /// A file, and what is said of it: lines that start with a place.
  struct Mistake: Sendable, CustomTestStringConvertible {
    var text: String
    var lines: [(start: String, fragments: [String])]
    var testDescription: String { lines.first.map { "\($0.start) \($0.fragments)" } ?? "" }

    init(_ text: String, _ start: String, _ fragments: String...) {
      self.text = text
      lines = [(start, fragments)]
    }

    init(_ text: String, lines: [(String, [String])]) {
      self.text = text
      self.lines = lines
    }

    /// One export that is right but for these lines.
    static func export(_ lines: String, _ start: String, _ fragments: String...) -> Mistake {
      var mistake = Mistake("exports:\n  - name: x\n    generator: data\n\(lines)\n", start)
      mistake.lines[0].fragments = fragments
      return mistake
    }
  }

  nonisolated private static let mistakes = [
    Mistake("", ":1:1:", "empty", "exports:"),
    Mistake("# nothing\n", ":1:1:", "empty", "exports:"),
    Mistake("[1, 2]", ":1:1:", "a mapping", "exports:"),
    Mistake("export: []\n", ":1:1:", "export", "did you mean exports:?"),
    Mistake("exports: []\n", ":1:10:", "list", "- name:"),
    Mistake("exports: yes\n", ":1:10:", "list"),
    Mistake("exports:\n  a: b\n", ":2:3:", "list"),
    Mistake("exports:\n  - x\n", ":2:5:", "mapping", "name:"),
    Mistake("exports:\n  - generator: data\n", ":2:5:", "name: is missing"),
    Mistake("exports:\n  - name: x\n", ":2:5:", "generator: is missing", "nbdgen list"),
    Mistake(
      "exports:\n  - name: x\n    generater: data\n",
      ":3:5:",
      "generater",
      "did you mean generator:?"
    ),
    Mistake("exports:\n- {name: x, generator: dota}\n", ":2:24:", "dota", "did you mean data?"),
    Mistake("exports:\n- {name: [x], generator: data}\n", ":2:10:", "name:", "one value"),
    Mistake("exports:\n- {name: , generator: data}\n", ":2:10:", "name:", "no value", "\"\""),
    Mistake("exports:\n- {name: null, generator: data}\n", ":2:10:", "name:", "quotes"),
    Mistake("exports:\n- {name: !!int 5, generator: data}\n", ":2:10:", "tag"),
    Mistake("exports:\n- {name: \"a\\0b\", generator: data}\n", ":2:10:", "NUL"),
    Mistake(
      "exports:\n- {name: x, generator: info}\n- {name: y, generator: info}\n"
        + "- {name: x, generator: info}\n",
      ":4:10:",
      "name: x",
      "line 2",
      "rename"
    ),
    .export("    data: 1", ":4:5:", "data", "below parameters:"),
    .export("    built: never", ":4:12:", "first-use", "at-start"),
    .export("    built: at-strat", ":4:12:", "did you mean at-start?"),
    .export("    name: y", ":2:5:", "name", "once more"),
    .export("    parameters: 5", ":4:17:", "parameters:", "mapping"),
    .export("    parameters: {data: [1, 2]}", ":4:24:", "data:", "one value"),
    .export("    parameters: {data: {a: b}}", ":4:24:", "data:", "one value"),
    .export("    parameters: {data: }", ":4:24:", "data:", "no value"),
    .export("    parameters: {dir/x: y}", ":4:18:", "dir/x", "parameter"),
    .export("    parameters: [1, data=2]", ":4:21:", "data=", "once"),
    .export("    description: [a]", ":4:18:", "description:", "one value"),
    .export(
      "    description: \"\(String(repeating: "d", count: 4097))\"",
      ":4:18:",
      "description:",
      "4096"
    ),
    Mistake(
      "exports:\n  - name: x\n    generator: linuxdisk\n    parameters: {dir: t, siez: 1M}\n",
      ":4:26:",
      "siez=1M",
      "did you mean size=?"
    ),
    Mistake(
      "exports:\n  - name: x\n    generator: floppy\n    parameters: {label: X}\n",
      ":3:16:",
      "dir="
    ),
    // YAML itself.
    Mistake("exports:\n\t- name: x\n", ":2:1:", "not YAML", "tab"),
    Mistake("exports:\n- {name: x, generator: data, parameters: [@0]}\n", ":2:43:", "quotes"),
    Mistake("exports:\n- name: x\n generator: data\n", ":3:2:", "not YAML"),
    Mistake("exports:\n- {name: x\n", ":3:1:", "not YAML"),
    Mistake("exports: []\n---\nexports: []\n", ":2:1:", "second document"),
    Mistake("a: &a [x]\nb: *a\n", ":2:4:", "alias"),
    Mistake("? &a [x, x]\n: 1\n? [*a, *a, *a]\n: 2\n", ":3:4:", "alias"),
    Mistake("exports: *none\n", ":1:10:", "alias"),
    Mistake("a: \u{1}\n", ":1:4:", "U+1"),
    Mistake("ä: \u{FFFF}\n", ":1:4:", "U+FFFF"),
    Mistake(String(repeating: "[", count: 100_000), ":1:", "nested too deep"),
    Mistake(String(repeating: "? ", count: 100_000), ":1:", "nested too deep"),
  ]

  @Test(
    "A wrong file gets a line that says where, what is wrong and what to do",
    arguments: mistakes
  )
  func mistake(_ mistake: Mistake) throws {
    var scene = try Scene()
    try RawPath(scene("e.yaml")).write(Array(mistake.text.utf8))
    try scene.settle()
    let outcome = try scene.run(["-U", "-", "serve", "e.yaml", "--run", "echo ran"])
    #expect(outcome.status == 2 && outcome.output.isEmpty, "\(outcome)")
    #expect(outcome.errorLines.count == mistake.lines.count, "\(outcome)")
    for (line, expected) in zip(outcome.errorLines, mistake.lines) {
      #expect(line.hasPrefix("nbdgen: e.yaml\(expected.start)"), "\(line)")
      for fragment in expected.fragments { #expect(line.contains(fragment), "\(line)") }
    }
    #expect(try scene.leftovers() == [])
  }

  @Test("Aliases that make billions of nodes are refused before they do")
  func bomb() throws {
    let scene = try Scene()
    var text = "a0: &a0 x\n"
    for level in 1..<40 {
      text += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1), *a\(level - 1)]\n"
    }
    try RawPath(scene("e.yaml")).write(Array((text + "? *a39\n: x\n").utf8))
    let outcome = try scene.run(["serve", "e.yaml"])
    expectOneLine(outcome, status: 2, saying: ["e.yaml:2:10:", "alias"])
  }

  @Test("What is no file of exports is refused at once")
  func wrongFiles() throws {
    let scene = try Scene()
    try RawPath(scene("fifo")).makeNode(0o010644)
    try RawPath(scene("latin")).write([0x65, 0x78, 0x0A, 0xFF, 0x0A])
    try RawPath(scene("huge")).write([], size: 1 << 40)
    for (name, status, fragments) in [
      ("missing", 1, ["missing", "No such file"]), ("tree", 1, ["tree", "not a regular file"]),
      ("fifo", 1, ["fifo", "not a regular file"]), ("/dev/zero", 1, ["not a regular file"]),
      ("latin", 2, ["latin:2:1:", "UTF-8"]), ("huge", 1, ["huge", "16 MiB"]),
    ] {
      expectOneLine(
        try scene.run(["serve", name]),
        status: Int32(status),
        saying: fragments
      )
    }
    for (words, fragments) in [
      (["serve"], ["no file"]), (["serve", "linuxdisk", "tree"], ["nbdgen linuxdisk tree"]),
      (["serve", "a", "b"], ["leave out b"]),
    ] {
      expectOneLine(try scene.run(words), status: 2, saying: fragments)
    }
  }

  @Test("Only so many problems are told at a time")
  func manyProblems() throws {
    let scene = try Scene()
    let text = "exports:\n" + String(repeating: "- {name: x}\n", count: 5000)
    try RawPath(scene("e.yaml")).write(Array(text.utf8))
    let outcome = try scene.run(["serve", "e.yaml"])
    #expect(outcome.status == 2)
    #expect((2...30).contains(outcome.errorLines.count), "\(outcome)")
  }

  /// Bytes of files that are right, changed at random, neither crash nor hang it.
  @Test("Whatever is in the file, there is an answer", arguments: 0..<4)
  func garbage(_ seed: Int) throws {
    let scene = try Scene()
    var random = SeededGenerator(seed: UInt64(seed))
    let sample = Array(
      """
      exports:
        - name: "root"  # a comment
          description: |
            two
            lines
          generator: linuxdisk
          parameters: {dir: [tree, 'tree'], type: ext4, size: +1M}
          built: at-start
        - {name: y, generator: data, parameters: ["0x55*512", {a: 1}]}
      """.utf8
    )
    for round in 0..<10 {
      var bytes = sample
      for _ in 0..<Int.random(in: 1...8, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1:
          bytes.insert("[]{}&*!|>?:-,#'\"\t\n ".utf8.randomElement(using: &random) ?? 0, at: place)
        case 2: bytes.removeSubrange(place..<min(bytes.count, place + 9))
        default: bytes.insert(contentsOf: bytes[place...].prefix(20), at: place)
        }
        if bytes.isEmpty { bytes = [10] }
      }
      try RawPath(scene("e.yaml")).write(bytes)
      let outcome = try scene.run(["-q", "-U", "-", "serve", "e.yaml", "--run", "true"])
      let text = String(decoding: bytes, as: UTF8.self)
      #expect(
        [0, 1, 2].contains(outcome.status),
        "seed \(seed), round \(round): \(outcome)\n\(text)"
      )
      if outcome.status != 0 { #expect(!outcome.errors.isEmpty) }
    }
  }
}
