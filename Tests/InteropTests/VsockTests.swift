import Foundation
import TestSupport
import Testing

/// Clients that come by vsock, in a guest whose kernel has it: the host's may not.
@GuestThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct VsockTests {
  private static let scripts = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("scripts").path

  /// What the guest runs: a server and its client, which meet by vsock.
  private static let startScript = """
    #!/bin/sh
    export PATH=/bin:/usr/bin
    cd /
    mount -t proc proc /proc
    dmesg -n 1
    for name in $(cat /modules/vsock); do
      /sbin/busybox insmod "/modules/$name.ko" || echo "guest: FAILED: no module $name"
    done
    echo "guest: vsock begin"
    nbdgen --vsock data '(0x55 0xAA)*5000 @+1M' --run 'echo "$uri" && nbdinfo --size "$uri" && nbdcopy "$uri" - | md5sum'
    nbdgen --vsock -p 77 info address --run 'nbdcopy "$uri" - | cat && echo'
    echo "guest: vsock end"
    sleep 0.2
    poweroff -f

    """

  /// A tree with the command, two clients, and the libraries that they need.
  private static func tree(_ guest: String) throws -> RawPath {
    let root = RawPath(try TemporaryDirectory.shared()("vsock"))
    try Program("\(scripts)/guest/make-root").succeed(["\(root)"])
    try (root / "etc/init.d/rcS").write(Array(startScript.utf8))
    try copyPrograms([.nbdgen(), Program("nbdinfo"), Program("nbdcopy")], to: root)
    let line = "gzip -dc '\(guest)/initramfs' | cpio --quiet -id 'modules/*'"
    let outcome = try Program.shell(line, directory: "\(root)")
    guard outcome.status == 0 else { throw ToolFailure("\(outcome)") }
    return root
  }

  @Test("A client reaches the server by vsock")
  func guest() throws {
    let top = URL(fileURLWithPath: Self.scripts).deletingLastPathComponent()
    let guest = top.appendingPathComponent(".build/guest").path
    try Program("\(Self.scripts)/guest/prepare").succeed([guest], timeout: 400)
    let root = try Self.tree(guest)
    let environment = ["GUEST_DIR": guest, "GUEST_TIMEOUT": "300"]
    let nbdgen = try Program.nbdgen(environment: environment)
    let line = "export unixsocket; '\(Self.scripts)/guest/qemu.sh'"
    let manifest = "manifest=\(Self.scripts)/guest/devices.mtree"
    let words = ["-U", "-", "linuxdisk", "\(root)", manifest, "--run", line]
    let outcome = try nbdgen.run(words, timeout: 320)
    let section = try #require(FloppyGuest.section("vsock", of: outcome), "\(outcome)")
    let expected = try Program.shell(
      "{ for i in $(seq 5000); do printf '\\125\\252'; done; head -c 1048576 /dev/zero; } | md5sum"
    )
    #expect(
      section == ["nbd+vsock://1:10809", "1058576"] + expected.lines + ["vsock"],
      "\(outcome)"
    )
  }
}
