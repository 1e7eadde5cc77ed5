import TestSupport
import Testing

/// What a terminal shows while a disk is made.
@CommandThread
@Suite(.tags(.command), .timeLimit(.minutes(30)))
struct ProgressTests {
  @Test("A terminal is told how many files were found; the line goes, and nobody else sees it")
  func line() throws {
    let nbdgen = try Program.nbdgen().path
    let tree = try MixedTree.shared().root
    // Often enough for it to last, wherever this runs.
    let trees = Array(repeating: "\(tree)", count: 12).joined(separator: " ")
    let command = "\(nbdgen) -U - linuxdisk \(trees) --run true"
    let terminal = try Program.shell("script -qec '\(command)' /dev/null", directory: "/")
    #expect(terminal.status == 0)
    let text = String(decoding: terminal.output, as: UTF8.self)
    #expect(text.contains(/\rnbdgen: [0-9]+,[0-9]{3} files found/), "\(text)")
    #expect(text.hasSuffix(" \r"), "\(text)")
    let pipe = try Program.shell(command, directory: "/")
    #expect(pipe.status == 0)
    #expect(!"\(pipe)".contains("files found"))
  }

  @Test("A signal ends the program while it builds")
  func signal() throws {
    let nbdgen = try Program.nbdgen().path
    let tree = try MixedTree.shared().root
    let trees = Array(repeating: "\(tree)", count: 40).joined(separator: " ")
    for (name, status) in [("TERM", 143), ("INT", 130), ("HUP", 129)] {
      // The shell's children in the background ignore SIGINT, unless it is interactive.
      let line = """
        set -m
        \(nbdgen) -U - linuxdisk \(trees) --run 'echo too late' & sleep 1
        kill -\(name) $!; wait $!; echo "status $?"
        """
      let outcome = try Program.shell(line, directory: "/")
      #expect(outcome.lines == ["status \(status)"], "\(outcome)")
    }
  }
}
