import Foundation
import TestSupport
import Testing

/// A real kernel that looks for names in indexed directories, and changes them.
@GuestThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct IndexedGuestTests {
  @Test("A kernel finds every name, and no other", arguments: FilesystemType.allCases)
  func lookup(_ type: FilesystemType) throws {
    let tree = try Self.tree.get()
    let server = try NbdgenProcess(["linuxdisk", "\(tree)", "type=\(type)"])
    let report = try Self.boot(server.uri, type, script: "look-up")
    try server.stop()
    for list in Self.lists {
      // The names in the order of the list have the times 0, 1, 2...
      let times = (0..<list.names.count).map { "\($0)\n" }.joined()
      #expect(try report.value("times \(list.name)") == Self.checksum(Array(times.utf8)))
      #expect(try report.value("absent \(list.name)") == "\(Self.absentCount)")
      let sorted = list.names.sorted { $0.lexicographicallyPrecedes($1) }
      let listing = sorted.map { Array("./".utf8) + $0 + [0] }.joined()
      #expect(try report.value("names \(list.name)") == Self.checksum(Array(listing)))
    }
  }

  @Test("A kernel adds and removes names", arguments: FilesystemType.allCases)
  func change(_ type: FilesystemType) throws {
    let tree = try Self.tree.get()
    let image = try PartitionImage(of: tree, ["type=\(type)", "size=+100M"])
    let served = try RunningDisk(image.disk)
    let report = try Self.boot(served.uri, type, script: "change", isReadOnly: false)
    try served.stop()
    for list in Self.lists {
      #expect(try report.value("found \(list.name)") == "\(Self.absentCount)")
      #expect(try report.value("lost \(list.name)") == "\(Self.removedCount)")
      let rest = list.names.count - Self.removedCount + Self.absentCount
      #expect(try report.value("left \(list.name)") == "\(rest)")
    }
    try image.copyPartition()
    let complaints = try image.complaints()
    #expect(complaints.isEmpty, "\(summary(complaints))")
  }

  /// A disk that nbdkit serves, writable.
  private struct RunningDisk {
    let uri: String
    private let running: RunningProgram
    private let directory: TemporaryDirectory

    init(_ disk: String) throws {
      directory = try TemporaryDirectory()
      uri = "nbd+unix:///?socket=\(directory("socket"))"
      running = try Program("nbdkit").start(["-f", "-U", directory("socket"), "file", disk])
      for _ in 0..<1000 where !FileManager.default.fileExists(atPath: directory("socket")) {
        usleep(10_000)
      }
    }

    /// Ends the server, by when all is written.
    func stop() throws {
      running.send(SIGTERM)
      _ = try running.outcome(within: 10)
    }
  }

  /// What a guest printed.
  private struct Report {
    let outcome: Outcome

    /// What follows `guest: ` and `name`.
    func value(_ name: String) throws -> String {
      let start = "guest: \(name): "
      let line = try #require(outcome.lines.first { $0.hasPrefix(start) }, "\(outcome)")
      return line.dropFirst(start.count).trimmingCharacters(in: .whitespacesAndNewlines)
    }
  }

  private static func boot(
    _ uri: String,
    _ type: FilesystemType,
    script: String,
    isReadOnly: Bool = true
  ) throws -> Report {
    let environment = [
      "GUEST_DIR": try BootTests.guestDirectory.get(), "GUEST_TIMEOUT": "200", "uri": uri,
      "GUEST_APPEND": "nbdgen.devtmpfs=1 nbdgen.type=\(type) nbdgen.init=/etc/\(script)",
      "GUEST_READONLY": isReadOnly ? "on" : "off",
    ]
    let guest = try Program("\(BootTests.scripts)/guest/qemu.sh", environment: environment)
    let outcome = try guest.run([], timeout: 240)
    #expect(outcome.status == 0, "\(outcome)")
    let complaint = /EXT[234]-fs.*(error|warning)|I\/O error/
    #expect(!outcome.lines.contains { $0.contains(complaint) }, "\(outcome)")
    return Report(outcome: outcome)
  }

  private static func checksum(_ bytes: [UInt8]) throws -> String {
    let outcome = try Program("md5sum").run([], input: bytes)
    return String(outcome.text.prefix(32)) + "  -"
  }

  /// Directories of the tree, and the names in them.
  private static let lists = [
    (name: "pairs", names: IndexedTree.pairs(6000)),
    (name: "bytes", names: IndexedTree.randomNames(4000)),
    (name: "long", names: (0..<8000).map { Array("\(100_000 + $0)".utf8) + long }),
  ]

  private static let long = [UInt8](repeating: 0xE4, count: 249)
  private static let absentCount = 3000
  private static let removedCount = 2000

  private static let tree = Result {
    let root = RawPath(try TemporaryDirectory.shared()("indexed"))
    try Program("\(BootTests.scripts)/guest/make-root").succeed(["\(root)"])
    let folder = root / "lists"
    try folder.makeDirectory()
    for (name, names) in lists {
      try IndexedTree.fill(root / name, names)
      func write(_ suffix: String, _ names: [[UInt8]]) throws {
        try (folder / "\(name)\(suffix)").write(Array(names.map { $0 + [0] }.joined()))
      }
      try write("", names)
      try write(".absent", (0..<absentCount).map { Array("no such name \($0)".utf8) })
      try write(".removed", Array(names.prefix(removedCount)))
    }
    for (name, lines) in ["look-up": lookUpScript, "change": changeScript] {
      try (root / "etc/\(name)").write(Array("\(head)\(lines)\(tail)".utf8))
      try (root / "etc/\(name)").setPermissions(0o755)
    }
    return root
  }

  private static let head = """
    #!/bin/sh
    export PATH=/bin
    mount -t proc proc /proc
    dmesg -n 1
    box=/sbin/busybox
    say() { echo "guest: $1: $($box cat)"; }
    stats() { $box xargs -0 $box stat -c %Y -- 2>&1; }

    """

  private static let lookUpScript = """
    for name in pairs bytes long; do
      cd /$name
      stats </lists/$name | md5sum | say "times $name"
      stats </lists/$name.absent | grep -c 'No such file' | say "absent $name"
      find . -mindepth 1 -print0 | sort -z | md5sum | say "names $name"
    done

    """

  private static let changeScript = """
    mount -o remount,rw /
    for name in pairs bytes long; do
      cd /$name
      $box xargs -0 $box rm -- </lists/$name.removed
      $box xargs -0 $box touch -- </lists/$name.absent
    done
    mount -o remount,ro /
    echo 3 >/proc/sys/vm/drop_caches
    for name in pairs bytes long; do
      cd /$name
      stats </lists/$name.absent | grep -cv 'No such file' | say "found $name"
      stats </lists/$name.removed | grep -c 'No such file' | say "lost $name"
      find . -mindepth 1 -print0 | $box tr -cd '\\000' | $box wc -c | say "left $name"
    done

    """

  private static let tail = """
    cd /
    dmesg | grep -E 'EXT[234]-fs|I/O error'
    echo "guest: done"
    sleep 0.2
    poweroff -f

    """
}
