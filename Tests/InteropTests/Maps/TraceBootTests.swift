import Foundation
import TestSupport
import Testing

/// A trace of a kernel that boots.
@GuestThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct TraceBootTests {
  @Test("What a guest reads while it boots is in the trace, and what it does not is not")
  func boot() throws {
    let directory = try TemporaryDirectory()
    let root = RawPath(directory("root"))
    try Program("\(BootTests.scripts)/guest/make-root").succeed(["\(root)"])
    var random = SeededGenerator(seed: 4)
    try (root / "etc/hello").write(Array("guest: hello\n".utf8))
    try (root / "usr/never").write(random.bytes(3 << 20))
    let script = "#!/bin/sh\ncat /etc/hello\nsleep 0.1\npoweroff -f\n"
    try (root / "etc/init.d/rcS").write(Array(script.utf8))
    let environment = ["GUEST_DIR": try BootTests.guestDirectory.get(), "GUEST_TIMEOUT": "200"]
    let words = [
      "--trace", directory("trace"), "-U", "-", "linuxdisk", "\(root)", "type=ext4",
      "manifest=\(BootTests.scripts)/guest/devices.mtree", "--run",
      "export unixsocket; '\(BootTests.scripts)/guest/qemu.sh'",
    ]
    let outcome = try Program.nbdgen(environment: environment).run(words, timeout: 240)
    #expect(outcome.lines.contains { $0.hasPrefix("guest: hello") }, "\(outcome)")
    let summary = try TraceSums.lines(directory("trace"))
    let touched = Set(summary.compactMap(\.path))
    #expect(touched.isSuperset(of: ["/etc/hello", "/etc/init.d/rcS", "/etc/inittab"]))
    #expect(!touched.contains("/usr/never"), "\(touched)")
    let kinds = Set(summary.compactMap(\.kind))
    #expect(kinds.isSuperset(of: ["superblock", "inode table", "directory", "partition table"]))
    let sums = try #require(summary.first)
    #expect(sums.files == (sums.touched_files ?? 0) + 1, "\(sums)")
    #expect((sums.file_bytes ?? 0) - (sums.touched_file_bytes ?? 0) >= 3 << 20)
    // The superblock comes first, then the script, then what it reads.
    let order = try TraceLine.lines(directory("trace")).filter { $0.event == "read" }
    let places = [("superblock", nil), ("file", "/etc/init.d/rcS"), ("file", "/etc/hello")]
      .map { kind, path in order.firstIndex { $0.kind == kind && $0.path == path } ?? -1 }
    #expect(places[0] >= 0 && places[0] < places[1] && places[1] < places[2], "\(places)")
    try Program.nbdgen().succeed(
      ["trace", "summary", "--svg", directory("svg"), directory("trace")]
    )
    let picture = try String(contentsOfFile: directory("svg"), encoding: .utf8)
    #expect(picture.contains("/etc/hello") && picture.hasSuffix("</svg>\n"))
  }
}
