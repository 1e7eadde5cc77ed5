import TestSupport
import Testing

/// `nbdgen digest`, and what is printed of a recipe.
@CommandThread
@Suite(.tags(.command), .timeLimit(.minutes(30)))
struct DigestTests {
  /// The arguments as the shell takes them.
  private nonisolated static let disks = [
    "data '0x55 0xAA @0x1FE 0xAA @+3M 7 @+1G'", "data '1 2 3'", "data size=0 ''",
    "linuxdisk tree type=ext4", "floppy tree",
  ]

  private func directory() throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    let tree = RawPath(directory("tree"))
    try tree.makeDirectory()
    var random = SeededGenerator(seed: 9)
    for number in 0..<50 {
      try (tree / "file\(number)").write(random.bytes(number * number * 40))
      try (tree / "file\(number)").setModified(1_000_000_000 + 2 * number)
    }
    try tree.setModified(1_100_000_000)
    return directory
  }

  @Test("It is the SHA-256 of what clients read", arguments: disks)
  func digest(_ disk: String) throws {
    let directory = try directory()
    let nbdgen = try Program.nbdgen().path
    let own = try Program.shell("\(nbdgen) digest \(disk)", directory: directory.path)
    #expect(own.status == 0, "\(own)")
    let copy = """
      \(nbdgen) -U \(directory("s")) \(disk) --run 'nbdcopy "$uri" \(directory("copy")) &&
        truncate -s $(nbdinfo --size "$uri") \(directory("copy")) && sha256sum <\(directory("copy"))'
      """
    let judge = try Program.shell(copy, directory: directory.path)
    #expect(judge.text == own.text.dropLast() + "  -\n", "\(judge) \(own)")
  }

  @Test("What cannot be digested is an error")
  func errors() throws {
    let nbdgen = try Program.nbdgen()
    let session = try nbdgen.run(["digest", "info", "address"])
    #expect(session.status == 2 && "\(session)".contains("depends on the client"), "\(session)")
    let none = try nbdgen.run(["digest"])
    #expect(none.status == 2 && "\(none)".contains("no generator is named"), "\(none)")
    let wrong = try nbdgen.run(["digest", "data", "1 2 ("])
    #expect(wrong.status == 2 && wrong.output.isEmpty, "\(wrong)")
    let forbidden = try nbdgen.run(["digest", "--no-exec", "data", "</dev/null"])
    #expect(forbidden.status == 2 && "\(forbidden)".contains("--no-exec"), "\(forbidden)")
    let nameless = try nbdgen.run(["digest", "-e", "x", "data", "1"])
    #expect(nameless.status == 2 && "\(nameless)".contains("add --exports"), "\(nameless)")
  }

  @Test("The recipe is that of the tree and the parameters, wherever the tree is")
  func recipe() throws {
    let nbdgen = try Program.nbdgen().path
    let (first, second) = (try directory(), try directory())
    func recipe(_ directory: TemporaryDirectory, _ parameters: String) throws -> Substring {
      let line = "\(nbdgen) -v -U - linuxdisk \(parameters) --run true"
      let outcome = try Program.shell(line, directory: directory.path)
      let text = outcome.errorLines.joined(separator: "\n")
      return try #require(text.firstMatch(of: /, recipe ([0-9a-f]{32}), at/), "\(outcome)").1
    }
    let plain = try recipe(first, "tree")
    #expect(try recipe(second, "\(second("tree"))/") == plain)
    #expect(try recipe(first, "tree type=ext4") != plain)
    #expect(try recipe(first, "tree size=+1M") != plain)
    try RawPath(second("tree/file3")).write([1])
    #expect(try recipe(second, "tree") != plain)
  }
}
