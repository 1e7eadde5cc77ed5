import TestSupport
import Testing

/// What a terminal shows while a disk is made.
@CommandThread
@Suite(.tags(.command), .timeLimit(.minutes(5)))
struct ProgressTests {
  @Test("A terminal is told how many files were found; the line goes, and nobody else sees it")
  func line() throws {
    let nbdgen = try Program.nbdgen().path
    let tree = try MixedTree.shared().root
    // Often enough for it to last, wherever this runs.
    let trees = Array(repeating: "\(tree)", count: 12).joined(separator: " ")
    let command = "\(nbdgen) linuxdisk \(trees) --run true"
    let terminal = try Program.shell("script -qec '\(command)' /dev/null", directory: "/")
    #expect(terminal.status == 0)
    let text = String(decoding: terminal.output, as: UTF8.self)
    #expect(text.contains(/\rnbdgen: [0-9]+,[0-9]{3} files found/), "\(text)")
    #expect(text.hasSuffix(" \r"), "\(text)")
    let pipe = try Program.shell(command, directory: "/")
    #expect(pipe.status == 0)
    #expect(!"\(pipe)".contains("files found"))
  }
}
