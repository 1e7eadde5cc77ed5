import Foundation
import TestSupport
import Testing

/// Guests that boot from archives and images.
@GuestThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct ArchiveBootTests {
  /// Boots the guest of the talk "Tiny VMs" from layers; nothing is written, for there
  /// is no directory for temporary files.
  @Test("A guest boots from an image and reads every file") func image() throws {
    let guest = try BootTests.guestDirectory.get()
    let directory = try TemporaryDirectory()
    let root = directory("root")
    try Program("\(BootTests.scripts)/guest/make-root").succeed([root])
    let script = """
      set -e; cd \(directory.path); tar -C root --numeric-owner --exclude=./etc -czf one.tar.gz .
      tar -C root --numeric-owner -cf two.tar ./etc
      """
    try Program.succeedShell(script)
    let builder = try ImageBuilder(directory("layout"))
    try builder.finish([try builder.manifest([directory("one.tar.gz"), directory("two.tar")])])
    let environment = ["GUEST_DIR": guest, "GUEST_TIMEOUT": "200", "TMPDIR": "/nonexistent"]
    let line = "export unixsocket; '\(BootTests.scripts)/guest/qemu.sh'"
    let nbdgen = try Program.nbdgen(environment: environment)
    let devices = "manifest=\(BootTests.scripts)/guest/devices.mtree"
    let words = ["-U", directory("socket"), "linuxdisk", "oci=\(builder.path)", devices]
    let outcome = try nbdgen.run(words + ["--run", line], timeout: 240)
    let output = outcome.text.replacingOccurrences(of: "\r", with: "")
    let sums = try Program.shell(
      "find . -xdev -type f -exec md5sum {} + | sort -k 2",
      directory: root
    )
    let section = try #require(
      output.range(of: "guest: checksums begin\n"),
      "\(outcome)"
    )
    #expect(output[section.upperBound...].hasPrefix(sums.text), "\(outcome)")
    #expect(output.contains("guest: done"))
  }
}

/// Whether to download a Debian for a test, which takes a minute.
private let wantsDebian = ProcessInfo.processInfo.environment["NBDGEN_TEST_DEBIAN"] != nil

extension ArchiveBootTests {
  @Test("Debian boots to a login from its tar archive", .enabled(if: wantsDebian))
  func debian() throws {
    let guest = try BootTests.guestDirectory.get()
    let archive = URL(fileURLWithPath: guest).deletingLastPathComponent()
      .appendingPathComponent("debian/debian.tar").path
    try Program("\(BootTests.scripts)/guest/make-debian").succeed([archive], timeout: 400)
    let server = try NbdgenProcess(["linuxdisk", "tar=\(archive)", "type=ext4"])
    let environment = [
      "GUEST_DIR": guest, "GUEST_TIMEOUT": "300", "GUEST_MEMORY": "512", "uri": server.uri,
      "GUEST_APPEND": "nbdgen.init=/sbin/init nbdgen.devtmpfs=1",
    ]
    let script = "\(BootTests.scripts)/guest/qemu.sh"
    let guestProcess = try Program(script, environment: environment).start([])
    // There is no line's end behind the prompt.
    while guestProcess.status(within: 1) == nil {
      if try guestProcess.outcomeSoFar().text.contains(" login: ") { break }
    }
    guestProcess.send(SIGTERM)
    let outcome = try guestProcess.outcome(within: 20)
    #expect(outcome.text.contains(" login: "), "\(outcome)")
    #expect(!outcome.text.contains(/EXT4-fs.*(error|warning)|I\/O error/), "\(outcome)")
    try server.stop()
  }
}
