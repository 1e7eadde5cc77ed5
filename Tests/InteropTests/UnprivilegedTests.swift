import Foundation
import TestSupport
import Testing

/// Everything about a tree is done by somebody without rights.
@GuestThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct UnprivilegedTests {
  /// Runs a program as nobody, if we are root.
  private func run(
    _ program: Program,
    _ arguments: [String],
    timeout: Double = 60
  ) throws -> Outcome {
    guard MixedTree.isPrivileged else { return try program.run(arguments, timeout: timeout) }
    let setpriv = try Program(
      "setpriv",
      environment: program.environment,
      directory: program.directory
    )
    let words = ["--reuid", "65534", "--regid", "65534", "--clear-groups", program.path]
    return try setpriv.run(words + arguments, timeout: timeout)
  }

  @Test("A tree that nobody made boots with a line for /dev/console")
  func boot() throws {
    let directory = try TemporaryDirectory()
    let guest = try BootTests.guestDirectory.get()
    // The project's own directories may be root's alone.
    let line = """
      set -e
      mkdir guest scripts
      cp '\(guest)/vmlinuz' '\(guest)/initramfs' guest/
      cp '\(BootTests.scripts)'/guest/* scripts/
      cp '\(try Program.nbdgen().path)' nbdgen
      chmod -R a+rX . && chmod 755 nbdgen
      mkdir -m 777 work
      """
    let prepared = try Program.shell(line, directory: directory.path)
    try #require(prepared.status == 0, "\(prepared)")

    let work = directory("work")
    let makeRoot = try Program(directory("scripts/make-root"), directory: work)
    let made = try run(makeRoot, ["root"])
    try #require(made.status == 0 && made.errors.isEmpty, "\(made)")
    try RawPath(work + "/console").write(
      Array("./dev/console type=char device=native,5,1\n".utf8)
    )
    let nbdgen = try Program(
      directory("nbdgen"),
      environment: ["GUEST_DIR": directory("guest"), "GUEST_TIMEOUT": "200"],
      directory: work
    )
    let words = [
      "-U", "-", "linuxdisk", "root", "manifest=console", "owner=0:0", "type=ext4", "--run",
      "export unixsocket; '\(directory("scripts/qemu.sh"))'",
    ]
    let outcome = try run(nbdgen, words, timeout: 240)
    #expect(outcome.status == 0, "\(outcome)")
    let lines = outcome.lines.map { $0.trimmingCharacters(in: .newlines) }
    #expect(lines.contains("guest: booted") && lines.contains("guest: done"), "\(outcome)")
    let console = try #require(lines.first { $0.hasSuffix("console") }, "\(outcome)")
    #expect(console.split(separator: " ").prefix(6) == ["crw-------", "1", "0", "0", "5,", "1"])
    // Nothing on the disk is whose it is on the host.
    #expect(lines.contains { $0.hasSuffix(" rcS") && $0.contains(" 0        0 ") }, "\(outcome)")
    #expect(!lines.contains { $0.contains("65534") })
  }

  @Test("What is excluded need not be readable")
  func unreadable() throws {
    let directory = try TemporaryDirectory()
    let line = """
      set -e
      mkdir root
      echo a >root/a
      cp -a root without
      mkdir root/secret
      echo b >root/b.key
      chmod 0 root/b.key root/secret
      touch -d @1000000000 root without
      cp '\(try Program.nbdgen().path)' nbdgen
      chmod 755 nbdgen
      """
    let prepared = try Program.shell(line, directory: directory.path)
    try #require(prepared.status == 0, "\(prepared)")
    let nbdgen = try Program(directory("nbdgen"), directory: directory.path)
    let words = ["-U", "-", "linuxdisk", "root"]
    let refused = try run(nbdgen, words + ["--run", "true"])
    #expect(refused.status == 1 && refused.errorLines.count == 2, "\(refused)")
    let print = ["--run", "nbdcopy \"$uri\" - | sha256sum"]
    let served = try run(nbdgen, words + ["exclude=*.key", "exclude=/secret/"] + print)
    #expect(served.status == 0, "\(served)")
    let expected = try run(nbdgen, ["-U", "-", "linuxdisk", "without"] + print)
    #expect(expected.status == 0 && served.output == expected.output)
  }
}
