import Foundation
import TestSupport
import Testing

/// Command lines that are wrong.
@CommandThread
@Suite(.tags(.command), .timeLimit(.minutes(30)))
struct UsageErrorTests {
  /// A command line, and what has to be in the error.
  struct Mistake: Sendable, CustomTestStringConvertible {
    var arguments: [String]
    var fragments: [String]
    var testDescription: String { arguments.joined(separator: " ") }

    init(_ arguments: String..., saying fragments: [String]) {
      self.arguments = arguments
      self.fragments = fragments
    }
  }

  nonisolated private static let mistakes = [
    Mistake(saying: ["no generator", "nbdgen help"]),
    Mistake("-v", saying: ["no generator"]),
    Mistake("linuxdsk", "tree", saying: ["\"linuxdsk\"", "did you mean linuxdisk?"]),
    Mistake("Linuxdisk", "tree", saying: ["did you mean linuxdisk?"]),
    Mistake("zzzzzz", "tree", saying: ["\"zzzzzz\"", "linuxdisk"]),
    Mistake("line\nline", "tree", saying: []),
    Mistake("wirte", "a", "data", "1", saying: ["or command \"wirte\"", "did you mean write?"]),
    Mistake("linuxdisk", "tree", "--size", "1G", saying: ["--size", "no dashes: size=SIZE"]),
    Mistake("linuxdisk", "tree", "--label=x", saying: ["no dashes: label=TEXT"]),
    Mistake("data", "0x55", "0xAA", saying: ["given before", "quotes"]),
    Mistake("help", "linuxdsk", saying: ["did you mean linuxdisk?"]),
    Mistake("linuxdisk", saying: ["dir= is missing"]),
    Mistake("linuxdisk", "tree", "siez=1M", saying: ["siez=1M", "did you mean size=?"]),
    Mistake("linuxdisk", "tree", "xyzzy=1", saying: ["xyzzy=1", "no such parameter", "size="]),
    Mistake("linuxdisk", "tree", "type=ext4", "type=ext4", saying: ["type=", "once"]),
    Mistake("linuxdisk", "tree", "type=ext5", saying: ["type=ext5", "ext2", "ext3", "ext4"]),
    Mistake("linuxdisk", "tree", "type=", saying: ["type=", "ext2"]),
    Mistake("linuxdisk", "dir=", saying: ["dir="]),
    Mistake("linuxdisk", "tree", "label=seventeen letters", saying: ["label=", "17", "16"]),
    Mistake("linuxdisk", "tree", "size=12q", saying: ["size=12q", "not a size"]),
    Mistake("linuxdisk", "tree", "size=-1", saying: ["size=-1", "not a size"]),
    Mistake("linuxdisk", "tree", "size=+", saying: ["size=+", "not a size"]),
    Mistake("linuxdisk", "tree", "size=99999999999999999999G", saying: ["size=", "G"]),
    Mistake("linuxdisk", "tree", "size=3T", saying: ["size=3T", "2 TiB"]),
    Mistake("linuxdisk", "tree", "size=4096", saying: ["size=4096", "too small", "is enough"]),
    Mistake("linuxdisk", "tree", "size=1", saying: ["size=1", "too small", "is enough"]),
    Mistake("--frob", "linuxdisk", "tree", saying: ["--frob"]),
    Mistake("-Z", "linuxdisk", "tree", saying: ["-Z"]),
    Mistake("linuxdisk", "tree", "--read-onyl", saying: ["--read-onyl"]),
    Mistake("linuxdisk", "tree", "--run", saying: ["--run"]),
    Mistake("linuxdisk", "tree", "-U", saying: ["-U"]),
    Mistake("-p", "65536", "linuxdisk", "tree", saying: ["-p 65536", "not a port", "65535"]),
    Mistake("-p", "-1", "linuxdisk", "tree", saying: ["-p -1", "not a port"]),
    Mistake("-p", "http", "linuxdisk", "tree", saying: ["-p http", "not a port"]),
    Mistake("-p", "", "linuxdisk", "tree", saying: ["-p", "not a port"]),
    Mistake("-U", "-", "-p", "0", "linuxdisk", "tree", saying: ["-U", "-p"]),
    Mistake("-U", "sock", "-i", "127.0.0.1", "linuxdisk", "tree", saying: ["-U", "-i"]),
    Mistake("-U", "", "linuxdisk", "tree", saying: ["-U", "not a path"]),
  ]

  @Test("A wrong command line gets one line, and nothing is left", arguments: mistakes)
  func mistake(_ mistake: Mistake) throws {
    let scene = try Scene()
    let outcome = try scene.run(mistake.arguments)
    expectOneLine(outcome, status: 2, saying: mistake.fragments)
    #expect(try scene.leftovers() == [])
  }

  @Test("A wrong parameter is noticed before anything is made", arguments: ["size=1K", "frob=1"])
  func parameter(_ word: String) throws {
    let scene = try Scene()
    for place in ["-", scene("socket")] {
      let options = ["-U", place, "-P", scene("pid"), "--run", "touch ran"]
      let outcome = try scene.run(options + ["linuxdisk", "tree", word])
      expectOneLine(outcome, status: 2, saying: [word])
      #expect(try scene.leftovers() == [])
    }
  }

  @Test("Export names are bounded")
  func exportName() throws {
    let scene = try Scene()
    for (size, isAllowed) in [(4096, true), (4097, false)] {
      let name = String(repeating: "n", count: size)
      let words = ["-U", "-", "-e", name, "--run", "true", "linuxdisk", "tree"]
      let outcome = try scene.run(words)
      if isAllowed {
        #expect(outcome.status == 0, "\(outcome)")
      } else {
        expectOneLine(outcome, status: 2, saying: ["-e", "4096", "4097"])
      }
      #expect(try scene.leftovers() == [])
    }
  }

  @Test("SOURCE_DATE_EPOCH has to be a time", arguments: ["x", "-1", "1.5", "4294967296"])
  func sourceDate(_ text: String) throws {
    let scene = try Scene()
    let environment = ["SOURCE_DATE_EPOCH": text]
    let outcome = try scene.run(["-U", "-", "linuxdisk", "tree"], environment: environment)
    expectOneLine(outcome, status: 2, saying: ["SOURCE_DATE_EPOCH=\(text)"])
    #expect(try scene.leftovers() == [])
  }
}
