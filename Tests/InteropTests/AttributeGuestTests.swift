import Foundation
import TestSupport
import Testing

/// A real kernel's view of extended attributes.
@GuestThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct AttributeGuestTests {
  private static let scripts = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("scripts").path

  /// What prints every attribute of a part of the tree, in the order of paths.
  private static let listing = """
    for part in sizes lists shares special; do
      find "tree/$part" | sort | xargs getfattr -h -d -m - -e hex | md5sum
    done
    find tree/lists | sort | xargs getfacl -n
    getfattr -d -m - tree
    find tree/special | sort | xargs getfattr -h -d -m - -e hex
    """

  /// What the guest runs.
  private static let startScript = """
    #!/bin/sh
    export PATH=/bin:/usr/bin LC_ALL=C
    cd /
    mount -t proc proc /proc
    dmesg -n 1
    echo "guest: attributes begin"
    \(listing)
    echo "guest: attributes end"
    dmesg | grep -E 'EXT[234]-fs|I/O error'
    sleep 0.2
    poweroff -f

    """

  private static let tree = Result {
    let root = try MemoryDirectory.shared() / "root"
    try Program("\(scripts)/guest/make-root").succeed(["\(root)"])
    try (root / "etc/init.d/rcS").write(Array(startScript.utf8))
    try (root / "bin/xargs").makeSymbolicLink(to: "../sbin/busybox")
    try copyPrograms([Program("getfattr"), Program("getfacl")], to: root)
    try (root / "tree").makeDirectory()
    _ = try AttributeTree(in: root / "tree")
    return root
  }

  @Test("A kernel tells every attribute", arguments: FilesystemType.allCases)
  func boot(_ type: FilesystemType) throws {
    let top = URL(fileURLWithPath: Self.scripts).deletingLastPathComponent()
    let guest = top.appendingPathComponent(".build/guest").path
    try Program("\(Self.scripts)/guest/prepare").succeed([guest], timeout: 400)
    let root = try Self.tree.get()
    let expected = try Program.shell(Self.listing, directory: "\(root)")
    #expect(expected.status == 0 && expected.errors.isEmpty, "\(expected)")

    let environment = ["GUEST_DIR": guest, "GUEST_TIMEOUT": "200"]
    let line = "export unixsocket; '\(Self.scripts)/guest/qemu.sh'"
    let manifest = "manifest=\(Self.scripts)/guest/devices.mtree"
    let words = ["-U", "-", "linuxdisk", "\(root)", "type=\(type)", manifest, "--run", line]
    let outcome = try Program.nbdgen(environment: environment).run(words, timeout: 240)
    let section = try #require(FloppyGuest.section("attributes", of: outcome), "\(outcome)")
    #expect(section.count > 100)
    let differences = zip(section, expected.lines).filter { $0 != $1 }.map { "\($0), not \($1)" }
    #expect(differences.isEmpty && section.count == expected.lines.count, "\(summary(differences))")
    let complaint = /EXT[234]-fs.*(error|warning)|I\/O error/
    #expect(!outcome.lines.contains { $0.contains(complaint) }, "\(outcome)")
  }
}
