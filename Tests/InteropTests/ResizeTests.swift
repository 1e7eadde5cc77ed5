import Foundation
import TestSupport
import Testing

/// Copies of the disk that resize2fs grows and shrinks, and that GRUB reads.
@FilesystemThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct ResizeTests {
  private static let tree = Result {
    let tree = try MemoryDirectory.shared()
    _ = try VariantTree(in: tree)
    return tree
  }

  @Test("resize2fs grows and shrinks a copy", arguments: Variant.all)
  func resize(_ variant: Variant) throws {
    let directory = try TemporaryDirectory()
    let image = directory("image")
    try variant.copy(Self.tree.get(), to: image)
    // Into the next group, and beyond.
    try RawPath(image).truncate(to: 700 << 20)
    // resize2fs wants a check that writes down when it was.
    func resize(_ arguments: String...) throws {
      try Program("e2fsck").succeed(["-fp", image], timeout: 120)
      try Program("resize2fs").succeed(arguments, timeout: 120)
      // What resize2fs moves may have more extent blocks than it needs.
      let complaints = try Variant.complaints(of: image)
        .filter {
          !$0.isEmpty && !$0.contains("could be narrower") && !$0.contains("could be shorter")
        }
      #expect(complaints.isEmpty, "\(variant), \(arguments): \(summary(complaints))")
    }
    try resize(image)
    try resize("-M", image)
    let files = [
      "small/70000", "mapped/large", "mapped/pieces", "many/\(VariantTree.manyName(77))",
    ]
    for file in files {
      try Program("debugfs").succeed(["-R", "dump \(file) \(directory("copy"))", image])
      try Program("cmp").succeed([directory("copy"), "\(try Self.tree.get() / file)"])
    }
  }

  /// What GRUB 2.06 does not know: it wants file types in directories, and refuses
  /// metadata_csum_seed.
  private nonisolated static func isKnownToGRUB(_ variant: Variant) -> Bool {
    !["^filetype", "metadata_csum_seed"].contains { variant.description.contains($0) }
  }

  @Test(
    "GRUB lists directories and reads files",
    arguments: Variant.all.filter { isKnownToGRUB($0) }
  )
  func grub(_ variant: Variant) throws {
    let directory = try TemporaryDirectory()
    let image = directory("image")
    let tree = try Self.tree.get()
    try variant.copy(tree, to: image)
    func run(_ words: String...) throws -> Outcome {
      try Program("grub-fstest").succeed([image] + words, timeout: 120)
    }
    // Not a file that starts with a hole: GRUB takes that for a fault of the extents.
    let files = [
      "small/0", "small/1025", "small/70000", "mapped/large", "mapped/pieces",
      "attributes/900", "many/\(VariantTree.manyName(1234))", "special/name7",
    ]
    for file in files {
      let outcome = try run("cmp", "(loop0)/\(file)", "\(tree / file)")
      #expect(outcome.output.isEmpty && outcome.errors.isEmpty, "\(file): \(outcome)")
    }
    for folder in ["many", "small", "deep"] {
      let listed = try run("ls", "(loop0)/\(folder)").text
        .split(whereSeparator: \.isWhitespace)
        .map { $0.hasSuffix("/") ? String($0.dropLast()) : String($0) }
        .filter { $0 != "." && $0 != ".." }
      let names = try (tree / folder).names().map { String(decoding: $0, as: UTF8.self) }
      #expect(listed.sorted() == names.sorted(), "\(folder)")
    }
  }
}
