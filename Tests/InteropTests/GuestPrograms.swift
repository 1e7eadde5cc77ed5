import Foundation
import TestSupport

/// Copies programs of the host into a tree for a guest, with the libraries that
/// they need.
func copyPrograms(_ programs: [Program], to root: RawPath) throws {
  let line = """
    set -e
    cp \(programs.map { "'\($0.path)'" }.joined(separator: " ")) usr/bin/
    ldd usr/bin/* | sed -n 's/.* \\(\\/[^ ]*\\) (0x.*/\\1/p; s/^[[:space:]]*\\(\\/[^ ]*\\) (0x.*/\\1/p' | sort -u |
      while read -r library; do
        mkdir -p "./$(dirname "$library")"
        cp -L "$library" "./$library"
      done
    """
  let outcome = try Program.shell(line, directory: "\(root)")
  guard outcome.status == 0 else { throw ToolFailure("\(outcome)") }
}

/// A guest that runs programs of the host.
@GuestThread
struct ProgramGuest {
  private let guest: String
  private let root: RawPath

  /// Makes the guest's tree, with the modules of its kernel.
  init(_ name: String, programs: [Program], script: String) throws {
    guest = try BootTests.guestDirectory.get()
    root = RawPath(try TemporaryDirectory.shared()(name))
    try Program("\(BootTests.scripts)/guest/make-root").succeed(["\(root)"])
    try (root / "etc/init.d/rcS").write(Array(script.utf8))
    try copyPrograms(programs, to: root)
    let line = "gzip -dc '\(guest)/initramfs' | cpio --quiet -id 'modules/*'"
    let outcome = try Program.shell(line, directory: "\(root)")
    guard outcome.status == 0 else { throw ToolFailure("\(outcome)") }
  }

  /// Boots it from a disk of the command, with devices by a manifest.
  func boot() throws -> Outcome {
    // Programs built for debugging are large, and so is a filesystem in memory.
    let environment = ["GUEST_DIR": guest, "GUEST_TIMEOUT": "400", "GUEST_MEMORY": "512"]
    let devices = "manifest=\(BootTests.scripts)/guest/devices.mtree"
    let line = "export unixsocket; '\(BootTests.scripts)/guest/qemu.sh'"
    let words = ["-U", "-", "linuxdisk", "\(root)", devices, "--run", line]
    return try Program.nbdgen(environment: environment).run(words, timeout: 420)
  }
}
