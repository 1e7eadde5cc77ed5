import Foundation
import FoundationXML
import TestSupport
import Testing

/// The verbs map, who and trace, as users mistype and use them.
@CommandThread
@Suite(.tags(.command), .timeLimit(.minutes(30)))
struct MapCommandTests {
  @Test("A table names every file, and a bar says what there is")
  func table() throws {
    let scene = try Scene()
    let outcome = try scene.run(["map", "linuxdisk", "tree"])
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    #expect(outcome.text.contains("file /file"), "\(outcome)")
    for text in ["superblock", "inode table of group 0", "directory /", "free"] {
      #expect(outcome.text.contains(text), "\(text)")
    }
    // Nothing but ASCII, and no colours, where nobody asks for more.
    #expect(outcome.output.allSatisfy { $0 < 0x7F && ($0 >= 0x20 || $0 == 10) })
    #expect(outcome.lines.contains { $0.hasPrefix("[") && $0.hasSuffix("]") && $0.count == 80 })
    #expect(try scene.leftovers() == [])
  }

  @Test("With all pieces there are as many rows as there are objects")
  func pieces() throws {
    let scene = try Scene()
    for number in 0..<100 { try RawPath(scene("tree/\(number)")).write([1]) }
    let few = try scene.run(["map", "linuxdisk", "tree"])
    let all = try scene.run(["map", "--all", "linuxdisk", "tree"])
    let objects = try scene.run(["map", "--json", "linuxdisk", "tree"])
    let head = try #require(all.lines.firstIndex { $0.hasSuffix("what") })
    #expect(all.lines.count - head - 1 == objects.lines.count)
    #expect(few.lines.count < 60 && few.text.contains("--all"), "\(few)")
    let unicode = try scene.run(["map", "linuxdisk", "tree"], environment: ["LC_ALL": "C.UTF-8"])
    #expect(unicode.text.contains("█"))
  }

  @Test("All disks of a file of exports are shown, or one of them")
  func exports() throws {
    let scene = try Scene()
    let text = """
      exports:
        - {name: one, generator: data, parameters: ['0x55*1000']}
        - {name: none, generator: linuxdisk, parameters: [absent]}
        - {name: two, generator: linuxdisk, parameters: [tree]}
      """
    try RawPath(scene("exports.yaml")).write(Array(text.utf8))
    let all = try scene.run(["map", "--json", "--exports", "exports.yaml"])
    #expect(all.status == 1 && all.errorLines.count == 1, "\(all)")
    #expect(all.errors.contains(Array("export \"none\": ".utf8)), "\(all)")
    let alone = try scene.run(["map", "--json", "linuxdisk", "tree"])
    let mark = "{\"export\":\"two\","
    let second = all.lines.filter { $0.hasPrefix(mark) }
    #expect(second.map { "{" + $0.dropFirst(mark.count) } == alone.lines)
    #expect(all.lines.first?.hasPrefix("{\"export\":\"one\",\"offset\":0,\"size\":1000,") == true)
    let words = ["map", "--svg", "picture", "--exports", "exports.yaml"]
    #expect(try scene.run(words + ["-e", "two"]).status == 0)
    #expect(FileManager.default.fileExists(atPath: scene("picture")))
    let refused = try scene.run(words)
    #expect(refused.status == 2 && "\(refused)".contains("choose it with -e"), "\(refused)")
    let table = try scene.run(["map", "--exports", "exports.yaml", "-e", "one"])
    #expect(table.lines.first == "export \"one\":", "\(table)")
  }

  @Test("Whose a byte is of an export of a file is told as of the same disk alone")
  func whoOfExport() throws {
    let scene = try Scene()
    let text = """
      exports:
        - {name: one, generator: data, parameters: ['0x55*1000']}
        - {name: none, generator: linuxdisk, parameters: [absent]}
        - {name: two, generator: linuxdisk, parameters: [../tree]}
        - {name: name, generator: info, parameters: [exportname]}
      """
    try RawPath(scene("sub")).makeDirectory()
    try RawPath(scene("sub/e.yaml")).write(Array(text.utf8))
    let single = "exports: [{name: a, generator: data, parameters: ['1*600']}]"
    try RawPath(scene("sub/single.yaml")).write(Array(single.utf8))
    let places = ["who", "--json", "0", "2s", "1024s", "0x100400", "1M"]
    let file = ["--exports", "sub/e.yaml", "-e"]
    let two = try scene.run(places + file + ["two"])
    let alone = try Program.nbdgen(directory: scene("sub"))
      .run(places + ["linuxdisk", "../tree"])
    #expect(two.status == 0 && two.lines.count >= 5 && two.lines == alone.lines, "\(two) \(alone)")
    #expect(try scene.run(["who", "7"] + file + ["one"]).lines == ["7: repetition (of 1 byte)"])
    #expect(try scene.run(["who", "3"] + file + ["name"]).lines == ["3: bytes"])
    #expect(
      try scene.run(["who", "5", "--exports", "sub/single.yaml"]).lines == [
        "5: repetition (of 1 byte)"
      ]
    )
    for (words, status, texts) in [
      (["5"] + file + ["none"], 1, ["export \"none\": linuxdisk: absent"]),
      (["5"] + file + ["tow"], 2, ["did you mean two?"]),
      (["5"] + file.dropLast(), 2, ["several exports", "-e NAME"]),
      (["5"] + file + ["one", "data", "1"], 2, ["leave out data"]),
      (["9G"] + file + ["one"], 2, ["export \"one\": who: 9G: behind the end"]),
      ([] + file + ["one"], 2, ["no place is given"]),
    ] as [([String], Int32, [String])] {
      expectOneLine(try scene.run(["who"] + words), status: status, saying: texts)
    }
  }

  @Test("Pictures are well-formed XML, whatever files are called", arguments: ["map", "trace"])
  func picture(_ verb: String) throws {
    let scene = try Scene()
    try RawPath(scene("tree/<&\"'\u{1}\u{FFFE}>")).write([1])
    try (RawPath(scene("tree")) / [0xFF, 0x41, 0x0A]).write([2])
    if verb == "map" {
      let outcome = try scene.run(["map", "--svg", "picture", "linuxdisk", "tree"])
      #expect(outcome.status == 0 && outcome.output.isEmpty, "\(outcome)")
    } else {
      let copy = "nbdcopy --no-extents \"$uri\" null:"
      let words = ["--trace", "t", "-U", "-", "linuxdisk", "tree", "--run", copy]
      #expect(try scene.run(words).status == 0)
      let outcome = try scene.run(["trace", "summary", "--svg", "picture", "t"])
      #expect(outcome.status == 0 && outcome.output.isEmpty, "\(outcome)")
    }
    let parser = XMLParser(data: try Data(contentsOf: URL(fileURLWithPath: scene("picture"))))
    #expect(parser.parse(), "\(String(describing: parser.parserError))")
  }

  @Test(
    "What cannot be asked for is one clear line",
    arguments: [
      (["map"], "no generator is named"), (["map", "linuxdsk", "tree"], "did you mean linuxdisk"),
      (["map", "--svg", "", "data", "1"], "not a path"),
      (["map", "--all", "--json", "data", "1"], "leave --all out"),
      (["who"], "no place"), (["who", "5"], "no generator"),
      (["who", "12q", "data", "1"], "not a place"), (["who", "data", "1"], "no place"),
      (["who", "1", "data", "1"], "behind the end"),
      (["who", "9223372036854775807", "data", "1"], "not a place"),
      (["who", "99999999999999999999s", "data", "1"], "not a place"),
      (["who", "0xFFFFFFFFFFFFFFFF", "data", "1"], "not a place"),
      (["who", "0x-1", "data", "1"], "not a place"),
      (["trace"], "what to do is missing"), (["trace", "summary"], "trace"),
      (["trace", "sumary", "t"], "did you mean summary?"), (["trace", "t.jsonl"], "trace summary"),
      (["--trace", "", "data", "1"], "--trace"),
    ]
  )
  func mistakes(_ words: [String], _ text: String) throws {
    let outcome = try Scene().run(words)
    expectOneLine(outcome, status: 2, saying: [text])
  }

  @Test(
    "What the host refuses is one clear line",
    arguments: [
      (["map", "--svg", "no/such", "data", "1"], "no/such"),
      (["--trace", "no/such", "data", "1"], "no/such"), (["trace", "summary", "none"], "none"),
      (["trace", "summary", "tree"], "tree"),
    ]
  )
  func refusals(_ words: [String], _ text: String) throws {
    expectOneLine(try Scene().run(words), status: 1, saying: [text])
  }

  @Test("A trace into a fifo that nobody reads is refused, and not waited for")
  func fifo() throws {
    let scene = try Scene()
    try Program("mkfifo").succeed([scene("fifo")])
    let outcome = try scene.run(["--trace", "fifo", "-U", "-", "data", "1", "--run", "true"])
    expectOneLine(outcome, status: 1, saying: ["--trace fifo", "nobody reads"])
  }

  @Test("A file is called a file, whatever structures it has between its parts")
  func fileWithStructures() throws {
    let scene = try Scene()
    try RawPath(scene("tree/large")).write([UInt8](repeating: 7, count: 6 << 20))
    let outcome = try scene.run(["map", "linuxdisk", "tree"])
    #expect(outcome.lines.contains { $0.hasSuffix("  file /large") }, "\(outcome)")
    #expect(!outcome.text.contains("indirect blocks"), "\(outcome)")
  }

  @Test("A picture can go to the standard output")
  func pictureInPipe() throws {
    let scene = try Scene()
    let outcome = try scene.run(["map", "--svg", "-", "data", "1"])
    #expect(outcome.text.contains("</svg>"), "\(outcome)")
    #expect(outcome.text.contains(">1 byte. The disk "), "\(outcome)")
    #expect(try scene.leftovers() == [])
  }

  @Test("A sector is told with all that have a part of it")
  func sector() throws {
    let scene = try Scene()
    let words = ["data", "1*100 @+50 2*362 @+512 9"]
    let outcome = try scene.run(["who", "0s", "1s", "1024", "0x64"] + words)
    #expect(
      outcome.lines == [
        "0s: bytes", "0s: from byte 100 of it on: free", "0s: from byte 150 of it on: bytes",
        "1s: free", "1024: bytes", "0x64: free",
      ],
      "\(outcome)"
    )
  }

  private nonisolated static let start =
    #"{"event":"start","format":1,"disk":"d","size":9,"files":1,"file_bytes":9}"#

  /// A line of a read with some members replaced.
  private nonisolated static func read(_ members: String) -> String {
    #"{"event":"read","time_us":5,"connection":1,"request":1,"kind":"file","path":"/a",\#(members)}"#
  }

  @Test(
    "A file that is no trace is an error that names the line",
    arguments: [
      ("", "empty"), ("hello\n", "line 1: not JSON"), ("{}\n", "line 1"),
      ("[1]\n", "line 1"), (#"{"event":"read"}"# + "\n", "line 1"),
      (#"{"event":"start","format":2}"# + "\n", "a form that this nbdgen does not know"),
      (start + "\n{\n", "line 2: not JSON"),
      (start + "\n" + #"{"event":"export"}"# + "\n", "line 2: an export without its name"),
      (start + "\n" + read(#""offset":-1,"size":5"#) + "\n", "offset"),
      (start + "\n" + read(#""offset":1.5,"size":5"#) + "\n", "offset"),
      (start + "\n" + read(#""offset":9223372036854775807,"size":5"#) + "\n", "size"),
      (
        start + "\n"
          + read(#""offset":0,"size":9223372036854775807,"file_offset":9223372036854775807"#)
          + "\n", "file_offset"
      ),
      (start + "\n" + read(#""offset":"1","size":5"#) + "\n", "offset"),
      (start + "\n" + String(repeating: "x", count: 100_000), "longer than"),
      (start + "\n" + String(repeating: "[", count: 60_000) + "\n", "nested"),
    ]
  )
  func hostile(_ text: String, _ expected: String) throws {
    let scene = try Scene()
    try RawPath(scene("t")).write(Array(text.utf8))
    let outcome = try scene.run(["trace", "summary", "t"])
    expectOneLine(outcome, status: 1, saying: ["trace: t: ", expected])
  }

  @Test("A trace whose end is missing, or that has huge numbers, is summed up all the same")
  func unfinished() throws {
    let scene = try Scene()
    let most = "9223372036854775807"
    let huge = Self.read(#""offset":0,"size":\#(most)"#)
    let late = huge.replacing(#""time_us":5"#, with: #""time_us":\#(most)"#)
    let cut = [Self.start, huge, huge, late, String(huge.dropLast(5))].joined(separator: "\n")
    try RawPath(scene("t")).write(Array(cut.utf8))
    for words in [[], ["--json"], ["--svg", "picture"]] {
      let outcome = try scene.run(["trace", "summary", "t"] + words)
      #expect(outcome.status == 0, "\(outcome)")
      #expect(outcome.errorLines.count == 1 && "\(outcome)".contains("cut off"), "\(outcome)")
    }
  }
}
