import Foundation
import TestSupport
import Testing

/// A real kernel's view of the disk.
@GuestThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct BootTests {
  /// Boots as the manual says, from a tree with a little of everything.
  @Test("A kernel boots from the disk and reads every file", arguments: FilesystemType.allCases)
  func boot(_ type: FilesystemType) throws {
    let directory = try Self.guestDirectory.get()
    let root = try Self.tree.get()
    let manifest = "manifest=\(Self.scripts)/guest/devices.mtree"
    let words = ["-U", "-", "linuxdisk", "\(root)", "type=\(type)", manifest, "--run"]
    let line = "export unixsocket; '\(Self.scripts)/guest/qemu.sh'"
    let environment = ["GUEST_DIR": directory, "GUEST_TIMEOUT": "200"]
    let nbdgen = try Program.nbdgen(environment: environment)
    let outcome = try nbdgen.run(words + [line], timeout: 240)
    #expect(outcome.status == 0, "\(outcome)")

    // The serial line ends its lines in CR LF.
    let output = Data(outcome.output.filter { $0 != 13 })
    func section(_ name: String) throws -> Set<Data> {
      let start = try #require(output.range(of: Data("guest: \(name) begin\n".utf8)), "\(outcome)")
      let end = try #require(output.range(of: Data("guest: \(name) end\n".utf8)), "\(outcome)")
      return Set(output[start.upperBound..<end.lowerBound].split(separator: 10).map { Data($0) })
    }
    func onHost(_ line: String) throws -> Set<Data> {
      let outcome = try Program.shell("\(line) | tr '\\0' '\\n'", directory: "\(root)")
      #expect(outcome.status == 0, "\(outcome)")
      return Set(outcome.output.filter { $0 != 13 }.split(separator: 10).map { Data($0) })
    }
    func expectEqual(_ guest: Set<Data>, _ host: Set<Data>) {
      let differences =
        guest.subtracting(host).map { "guest: \(String(decoding: $0, as: UTF8.self))" }
        + host.subtracting(guest).map { "host: \(String(decoding: $0, as: UTF8.self))" }
      #expect(differences.isEmpty, "\(summary(differences.sorted()))")
      #expect(guest.count > 60)
    }
    expectEqual(
      try section("checksums"),
      try onHost("find . -xdev -type f -exec md5sum -z {} +")
    )
    // The devices are not on the host; the time of a terminal is when it was last
    // written to.
    let format = "%f %u %g %h %s %t:%T %Y %n\\0"
    expectEqual(
      try section("attributes"),
      try onHost(
        "find . -xdev ! -type d ! -path './dev/*' -exec stat --printf '\(format)' {} +"
      )
    )
    #expect(try section("devices") == Self.devices)
    let complaint = /EXT[234]-fs.*(error|warning)|I\/O error/
    #expect(!outcome.lines.contains { $0.contains(complaint) }, "\(outcome)")
    #expect(outcome.lines.contains { $0.hasPrefix("guest: done") })
  }

  /// The directory of the scripts that make and boot guests.
  static let scripts = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("scripts").path

  /// What the guest tells of the devices of the manifest: numbers are hexadecimal.
  private static let devices = Set(
    ["600 0 0 5:1", "666 0 0 1:3", "660 0 0 4:40"].map { Data($0.utf8) }
  )

  /// The guest's kernel, which is downloaded if it is not there.
  static let guestDirectory = Result {
    let top = URL(fileURLWithPath: scripts).deletingLastPathComponent()
    let directory = top.appendingPathComponent(".build/guest").path
    try Program("\(scripts)/guest/prepare").succeed([directory], timeout: 400)
    return directory
  }

  /// What the guest runs: it prints checksums and attributes of all files.
  private static let startScript = """
    #!/bin/sh
    export PATH=/bin
    cd /
    mount -t proc proc /proc
    dmesg -n 1
    echo "guest: checksums begin"
    find . -xdev -type f -exec md5sum {} +
    echo "guest: checksums end"
    echo "guest: attributes begin"
    find . -xdev ! -type d ! -path './dev/*' -exec /sbin/busybox stat -c '%f %u %g %h %s %t:%T %Y %n' {} +
    echo "guest: attributes end"
    echo "guest: devices begin"
    /sbin/busybox stat -c '%a %u %g %t:%T' dev/*
    echo "guest: devices end"
    dmesg | grep -E 'EXT[234]-fs|I/O error'
    echo "guest: done"
    sleep 0.2
    poweroff -f
    """

  private static let tree = Result {
    let root = RawPath(try TemporaryDirectory.shared()("root"))
    try Program("\(scripts)/guest/make-root").succeed(["\(root)"])
    try (root / "etc/init.d/rcS").write(Array(startScript.utf8))
    let mixed = try MixedTree(isFull: false)
    for part in ["types", "sizes", "sparse", "links", "names", "modes", "deep"] {
      try Program("mv").succeed(["\(mixed.root / part)", "\(root)/"])
    }
    // The serial line would not carry it.
    try (root / "names" / [0x01, 0x7F]).remove()
    return root
  }
}
