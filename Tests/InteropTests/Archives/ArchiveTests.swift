import Foundation
import TestSupport
import Testing

/// Disks of tar archives, beside those of the directories that they were made of or
/// that others make of them.
@FilesystemThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct ArchiveTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  @Test(
    "The disk of an archive that carries everything is that of the directory",
    arguments: ["0.0", "0.1", "1.0"]
  )
  func everything(_ sparseVersion: String) throws {
    for root in [try ArchiveTree.root.get(), try ArchiveTree.attributeRoot.get()] {
      let archive = directory("archive.tar")
      let options = ArchiveTree.everything + ["--sparse-version=\(sparseVersion)"]
      try ArchiveTree.tar(root, options, to: archive)
      let expected = try ArchiveTree.disk(["\(root)"])
      let found = try ArchiveTree.disk(["tar=\(archive)"], environment: ["TMPDIR": "/nonexistent"])
      #expect(found.digest == expected.digest)
      #expect(found.notes == [])
    }
  }

  @Test("e2fsck and debugfs judge the disk of an archive")
  func judged() throws {
    let root = try ArchiveTree.root.get()
    try ArchiveTree.tar(root, ArchiveTree.everything, to: directory("archive.tar"))
    let image = try PartitionImage(of: RawPath("tar=\(directory("archive.tar"))"), ["type=ext4"])
    let complaints = try image.complaints()
    #expect(complaints.isEmpty, "\(summary(complaints))")
    let folders = try root.names().map { String(decoding: $0, as: UTF8.self) }
    let copies = try MemoryDirectory()
    try Debugfs(image: image.partition).copy(folders.map { "/\($0)" }, to: copies.path)
    let differences = try TreeDifference.between(root, RawPath(copies.path), in: folders)
    #expect(differences.isEmpty, "\(summary(differences))")
  }

  /// A way to make an archive, and the program that unpacks it as it was meant.
  nonisolated struct Way: Sendable, CustomTestStringConvertible {
    var testDescription: String
    /// Packs the directory `$root` into `$archive`.
    var packing: String
    /// Whether names of more than 255 bytes and targets of more than 100 are possible.
    var hasLongNames = true
    /// GNU's gives some directories of libarchive's archives the present time.
    var unpacker = "tar"
  }

  private nonisolated static let python = """
    import sys, tarfile
    with tarfile.open(sys.argv[2], 'w', format=getattr(tarfile, sys.argv[3])) as archive:
      archive.add(sys.argv[1], arcname='.')
    """

  nonisolated static let ways = [
    Way(testDescription: "GNU", packing: "tar -C $root --format=gnu -cf $archive ."),
    Way(testDescription: "GNU, sparse", packing: "tar -C $root --format=gnu -Scf $archive ."),
    Way(testDescription: "old GNU", packing: "tar -C $root --format=oldgnu -Scf $archive ."),
    Way(testDescription: "pax, dense", packing: "tar -C $root --format=pax -cf $archive ."),
    Way(
      testDescription: "ustar",
      packing: "tar -C $root --format=ustar -cf $archive ./sizes ./modes ./types ./deep",
      hasLongNames: false
    ),
    Way(
      testDescription: "v7",
      packing: "tar -C $root --format=v7 -cf $archive ./sizes",
      hasLongNames: false
    ),
    Way(
      testDescription: "libarchive's ustar",
      packing: "bsdtar -C $root --format=ustar -cf $archive ./sizes ./types",
      hasLongNames: false
    ),
    Way(
      testDescription: "libarchive's pax",
      packing: "bsdtar -C $root --format=pax -cf $archive ./sizes ./types ./sparse ./links ./modes",
      unpacker: "bsdtar"
    ),
    Way(
      testDescription: "Python's pax",
      packing: "python3 -c \"$python\" $root $archive PAX_FORMAT"
    ),
    Way(
      testDescription: "Python's GNU",
      packing: "python3 -c \"$python\" $root $archive GNU_FORMAT"
    ),
    Way(
      testDescription: "one after the other",
      packing: """
        tar -C $root -cf $archive ./sizes ./sparse; tar -C $root --format=pax -cf $archive.2 ./modes
        tar -Af $archive $archive.2
        """
    ),
  ]

  @Test("The disk of an archive is that of what tar unpacks", arguments: ways)
  func unpacked(_ way: Way) throws {
    let root = try ArchiveTree.root.get()
    let archive = directory("archive.tar")
    let environment = ["root": "\(root)", "archive": archive, "python": Self.python]
    let packed = try Program.shell(way.packing, environment: environment, timeout: 120)
    // What a format cannot hold is left out, with a complaint.
    #expect(packed.status == 0 || !way.hasLongNames, "\(packed)")
    let copy = try MemoryDirectory.shared()
    let unpacking = ["-C", "\(copy)", "-xpf", archive, "--numeric-owner"]
    try Program(way.unpacker).succeed(unpacking, timeout: 120)
    // The root has no header in some.
    if !way.packing.hasSuffix("archive .") && !way.packing.contains("$python") {
      try copy.setModified(0, 0)
    }
    let expected = try ArchiveTree.disk(["\(copy)"])
    let found = try ArchiveTree.disk(["tar=\(archive)"])
    #expect(found.digest == expected.digest)
  }

  @Test("Compressed archives give the same disk", arguments: ["gzip", "xz", "zstd", "bzip2"])
  func compressed(_ program: String) throws {
    let root = try ArchiveTree.root.get()
    let archive = directory("archive.tar")
    try ArchiveTree.tar(root, ArchiveTree.everything, to: archive)
    // The name does not tell.
    try Program.succeedShell("\(program) -c <\(archive) >\(directory("packed"))")
    let found = try ArchiveTree.disk(["tar=\(directory("packed"))"])
    #expect(try found.digest == ArchiveTree.disk(["tar=\(archive)"]).digest)
    if program == "gzip" {
      #expect(found.notes == [])
    } else {
      let note = found.notes.first ?? ""
      #expect(note.contains("was decompressed by \(program) into a temporary file of "), "\(note)")
    }
    let left = try FileManager.default.contentsOfDirectory(atPath: directory.path)
    #expect(Set(left) == ["archive.tar", "packed"])
  }

  @Test("What cannot be decompressed is told, and nothing is left behind")
  func failures() throws {
    let archive = directory("archive.tar")
    try ArchiveTree.tar(ArchiveTree.root.get(), ["--format=posix"], to: archive)
    let packed = directory("packed")
    try Program.succeedShell("xz -0 -c <\(archive) >\(packed)")
    let words = ["tar=\(packed)"]
    let missing = try ArchiveTree.failure(words, environment: ["PATH": "/nonexistent"])
    #expect(
      missing.contains("packed: is compressed by xz, and there is no program xz"),
      "\(missing)"
    )
    let nowhere = try ArchiveTree.failure(words, environment: ["TMPDIR": "/nonexistent"])
    #expect(
      nowhere.contains("packed: no temporary file can be made in /nonexistent: No such file"),
      "\(nowhere)"
    )
    let temporary = directory("temporary")
    try RawPath(temporary).makeDirectory()
    let nbdgen = try Program.nbdgen().path
    let full = try Program.shell(
      "ulimit -f 100; exec '\(nbdgen)' -U - linuxdisk tar=\(packed) --run true",
      environment: ["TMPDIR": temporary]
    )
    #expect(full.status == 1 && full.errorLines.count == 1, "\(full)")
    #expect(full.errorLines.first?.contains("packed: xz -dc ") == true, "\(full)")
    try Program.succeedShell("truncate -s -100 \(packed)")
    let cut = try ArchiveTree.failure(words, environment: ["TMPDIR": temporary])
    #expect(cut.contains("packed: xz -dc ended with status 1: "), "\(cut)")
    #expect(cut.contains("Unexpected end of input"), "\(cut)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: temporary) == [])
  }

  @Test("An archive that changes can no longer be read", arguments: ["archive.tar", "packed"])
  func changed(_ name: String) throws {
    let archive = directory("archive.tar")
    try ArchiveTree.tar(ArchiveTree.root.get(), ["--format=posix"], to: archive)
    try Program.succeedShell("gzip -c <\(archive) >\(directory("packed"))")
    let server = try NbdgenProcess(["linuxdisk", "tar=\(directory(name))"])
    try Program("touch").succeed([directory(name)])
    let outcome = try Program("nbdcopy").run([server.uri, "null:"])
    #expect(outcome.status != 0)
    #expect(outcome.errorLines.joined().contains("Input/output error"), "\(outcome)")
    let log = try server.log().joined(separator: "\n")
    #expect(log.contains("\(name): at offset "), "\(log)")
    #expect(log.contains("since the disk was built"), "\(log)")
    try server.stop()
  }

  @Test("What is left out of a directory is left out of its archive") func excluded() throws {
    let root = try ArchiveTree.root.get()
    try ArchiveTree.tar(root, ArchiveTree.everything, to: directory("archive.tar"))
    let words = ["exclude=sizes", "exclude=*/holes", "owner=5:6"]
    for count in [2, 3] {
      let expected = try ArchiveTree.disk(["\(root)"] + words.prefix(count))
      let found = try ArchiveTree.disk(["tar=\(directory("archive.tar"))"] + words.prefix(count))
      #expect(found.digest == expected.digest)
    }
  }

  @Test("Directories and archives are merged in the order given") func merged() throws {
    let (lower, upper) = (RawPath(directory("lower")), RawPath(directory("upper")))
    for root in [lower, upper] { try root.makeDirectory() }
    for (path, text) in [(lower / "a", "1"), (lower / "b", "1"), (upper / "b", "2")] {
      try path.write(Array(text.utf8))
    }
    try ArchiveTree.tar(upper, [], to: directory("upper.tar"))
    let orders = [
      ["\(lower)", "tar=\(directory("upper.tar"))"], ["tar=\(directory("upper.tar"))", "\(lower)"],
    ]
    let contents = try orders.map { words in
      let image = try PartitionImage(of: RawPath(words[0]), [words[1]])
      return try Debugfs(image: image.partition).run(["cat a", "cat b"]).map {
        String(decoding: $0, as: UTF8.self)
      }
    }
    #expect(contents == [["1", "2"], ["1", "1"]])
  }
}

extension Program {
  /// Runs a line for `/bin/sh -c`, which has to succeed.
  static func succeedShell(_ line: String, environment: [String: String] = [:]) throws {
    let outcome = try shell(line, environment: environment, timeout: 120)
    guard outcome.status == 0 else { throw ToolFailure("\(line) ended with \(outcome)") }
  }
}
