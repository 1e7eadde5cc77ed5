import Foundation
import TestSupport
import Testing

/// Random trees with random parameters, judged by `e2fsck` and by a kernel.
@GuestThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct RandomTreeTests {
  /// A hundred of them, each a partition of one disk of a guest.
  @Test("A guest sees random trees as the host does")
  func guest() throws {
    let directory = try TemporaryDirectory()
    var disks: [SeededDisk] = []
    var expected: [String] = []
    for seed in 1...100 as ClosedRange<UInt64> {
      let memory = try MemoryDirectory()
      let disk = try SeededDisk(
        seed: seed,
        tree: RawPath(memory.path),
        path: directory("\(seed)")
      )
      let complaints = try disk.complaints()
      #expect(complaints.isEmpty, "\(disk): \(summary(complaints))")
      let checksums = try TreeListing.checksums(of: memory.path, time: disk.time)
      expected.append(checksums.joined(separator: " "))
      disks.append(disk)
    }
    let outcome = try Self.boot(disks)
    for (number, (disk, line)) in zip(disks, expected).enumerated() {
      let start = "guest: tree \(number + 1): "
      let found = outcome.lines.filter { $0.hasPrefix(start) }
        .map { $0.dropFirst(start.count).trimmingCharacters(in: .whitespacesAndNewlines) }
      #expect(found == [line], "\(disk)")
    }
    let complaint = /EXT[234]-fs.*(error|warning)|I\/O error/
    #expect(!outcome.lines.contains { $0.contains(complaint) }, "\(outcome)")
    #expect(outcome.lines.contains { $0.hasPrefix("guest: done") }, "\(outcome)")
  }

  private static func boot(_ disks: [SeededDisk]) throws -> Outcome {
    let root = RawPath(try TemporaryDirectory.shared()("random"))
    try Program("\(BootTests.scripts)/guest/make-root").succeed(["\(root)"])
    try (root / "mnt").makeDirectory()
    for name in TreeListing.programs + ["awk", "cut", "umount"] {
      let path = root / "bin/\(name)"
      if (try? path.facts()) == nil { try path.makeHardLink(to: root / "sbin/busybox") }
    }
    try copyPrograms(TreeListing.programs.map { try Program($0) }, to: root)
    let list = disks.map { "\($0.variant.type) \($0.time)\n" }.joined()
    try (root / "etc/trees").write(Array(list.utf8))
    try (root / "etc/compare").write(Array(script.utf8))
    try (root / "etc/compare").setPermissions(0o755)

    let server = try NbdgenProcess(["linuxdisk", "\(root)", "type=ext4"])
    let environment = [
      "GUEST_DIR": try BootTests.guestDirectory.get(), "GUEST_TIMEOUT": "500",
      "GUEST_APPEND": "nbdgen.devtmpfs=1 nbdgen.init=/etc/compare",
    ]
    let line =
      "GUEST_DRIVES=$uri uri='\(server.uri)' unixsocket= "
      + "exec '\(BootTests.scripts)/guest/qemu.sh'"
    let words =
      ["-U", "-", "partitioning"] + disks.map(\.path) + ["partition-type=gpt", "--run", line]
    let outcome = try Program("nbdkit", environment: environment).run(words, timeout: 550)
    try server.stop()
    #expect(outcome.status == 0, "\(outcome)")
    return outcome
  }

  private static let script = """
    #!/bin/sh
    export PATH=/usr/bin:/bin LC_ALL=C
    mount -t proc proc /proc
    mount -t tmpfs tmpfs /tmp
    dmesg -n 1
    \(TreeListing.functions)
    number=0
    while read -r type time <&3; do
      number=$((number + 1))
      mount -t $type -o ro /dev/vdb$number /mnt || echo "guest: cannot mount $number"
      cd /mnt
      echo "guest: tree $number:" $(
        for part in \(TreeListing.parts.joined(separator: " ")); do $part | md5sum | cut -c -32; done)
      cd /
      umount /mnt
    done 3</etc/trees
    dmesg | grep -E 'EXT[234]-fs|I/O error'
    echo "guest: done"
    sleep 0.2
    poweroff -f

    """

  // MARK: By hand, as root

  /// As many as the environment says, mounted on the host itself.
  ///
  /// A thousand are compared by `NBDGEN_RANDOM_TREES=1000 swift test --filter RandomTreeTests/host`;
  /// with `NBDGEN_RANDOM_FIRST` the first seed is another than 1.
  @Test("The host's kernel sees random trees as they are", .enabled(if: count > 0))
  func host() throws {
    for seed in first..<first + UInt64(count) {
      do {
        try Self.compare(seed)
      } catch {
        Issue.record("seed \(seed): \(error)")
      }
      if seed % 50 == 0 { print("random trees: \(seed) compared") }
    }
  }

  private static func compare(_ seed: UInt64) throws {
    let directory = try TemporaryDirectory()
    let memory = try MemoryDirectory()
    let disk = try SeededDisk(
      seed: seed,
      tree: RawPath(memory.path),
      path: directory("filesystem")
    )
    let complaints = try disk.complaints()
    #expect(complaints.isEmpty, "\(disk): \(summary(complaints))")
    let place = directory("mounted")
    try RawPath(place).makeDirectory()
    try Program("mount").succeed(["-t", "\(disk.variant.type)", "-o", "loop,ro", disk.path, place])
    defer { _ = try? Program("umount").succeed([place]) }
    for part in TreeListing.parts {
      let expected = try TreeListing.text(part, of: memory.path, time: disk.time)
      let found = try TreeListing.text(part, of: place, time: disk.time)
      if found == expected { continue }
      let (left, right) = (directory("expected"), directory("found"))
      try RawPath(left).write(expected)
      try RawPath(right).write(found)
      let difference = try Program("diff").run(["--text", left, right])
      Issue.record("\(disk): \(part): \(summary(difference.lines))")
    }
  }
}

/// How many trees are compared on the host.
private let count = Int(ProcessInfo.processInfo.environment["NBDGEN_RANDOM_TREES"] ?? "") ?? 0

/// The first of their seeds.
private let first = UInt64(ProcessInfo.processInfo.environment["NBDGEN_RANDOM_FIRST"] ?? "") ?? 1
