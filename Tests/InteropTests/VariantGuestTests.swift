import Foundation
import TestSupport
import Testing

/// A real kernel that mounts disks of every variant, compares them with the tree, and
/// changes them.
@GuestThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct VariantGuestTests {
  @Test("A kernel sees each variant as the tree, and leaves it clean after heavy changes")
  func changeEverything() throws {
    let tree = try Self.tree.get()
    let directory = try TemporaryDirectory()
    var drives: [String] = []
    for (number, variant) in Variant.all.enumerated() {
      let path = directory("drive\(number)")
      try variant.copy(tree, to: path, ["size=+12M", "inodes=+4000"])
      let complaints = try Variant.complaints(of: path)
      #expect(complaints.isEmpty, "\(variant): \(summary(complaints))")
      drives.append(path)
    }
    let outcome = try Self.boot(drives)
    for ((variant, path), letter) in zip(zip(Variant.all, drives), "bcdefghijklmnopqrstuvwxyz") {
      let start = "guest: vd\(letter): "
      let lines = outcome.lines.filter { $0.hasPrefix(start) }
        .map { $0.dropFirst(start.count).trimmingCharacters(in: .whitespacesAndNewlines) }
      #expect(lines == Self.expectedLines, "\(variant): \(lines)")
      let complaints = try Variant.complaints(of: path)
      #expect(complaints.isEmpty, "after changes, \(variant): \(summary(complaints))")
    }
    let complaint = /EXT[234]-fs.*(error|warning)|I\/O error/
    #expect(!outcome.lines.contains { $0.contains(complaint) }, "\(outcome)")
    #expect(outcome.lines.contains { $0.hasPrefix("guest: done") }, "\(outcome)")
  }

  /// What the guest says of each disk when all is well.
  private static let expectedLines = [
    "status as expected", "content as expected", "attributes as expected", "full", "changed",
    "attribute 600 bytes", "names \(VariantTree.manyCount - 1500 + 1500 - 300)",
  ]

  private static func boot(_ drives: [String]) throws -> Outcome {
    let server = try NbdgenProcess(["linuxdisk", "\(try root.get())", "type=ext4"])
    let types = Variant.all.map { "\($0.type)" }.joined(separator: ",")
    let words = "nbdgen.devtmpfs=1 nbdgen.init=/etc/variants nbdgen.types=\(types)"
    let environment = [
      "GUEST_DIR": try BootTests.guestDirectory.get(), "GUEST_TIMEOUT": "400",
      "uri": server.uri, "GUEST_APPEND": words, "GUEST_DRIVES": drives.joined(separator: "\n"),
    ]
    let guest = try Program("\(BootTests.scripts)/guest/qemu.sh", environment: environment)
    let outcome = try guest.run([], timeout: 450)
    try server.stop()
    #expect(outcome.status == 0, "\(outcome)")
    return outcome
  }

  private static let tree = Result {
    let tree = try MemoryDirectory.shared()
    _ = try VariantTree(in: tree)
    // Years that the smallest inodes hold, and no nanoseconds.
    try Program("find").succeed(["\(tree)", "-exec", "touch", "-hd", "@1234567890", "{}", "+"])
    return tree
  }

  /// The guest's own disk: programs, and lists of what it should see.
  private static let root = Result {
    let root = RawPath(try TemporaryDirectory.shared()("variants"))
    try Program("\(BootTests.scripts)/guest/make-root").succeed(["\(root)"])
    try copyPrograms([Program("getfattr"), Program("setfattr")], to: root)
    for folder in ["expected", "mnt"] { try (root / folder).makeDirectory() }
    for (name, line) in lists {
      let outcome = try Program.shell(line, directory: "\(try tree.get())")
      guard outcome.status == 0, outcome.output.count > 1000 else {
        throw ToolFailure("\(outcome)")
      }
      try (root / "expected/\(name)").write(outcome.output)
    }
    try (root / "etc/variants").write(Array(script.utf8))
    try (root / "etc/variants").setPermissions(0o755)
    return root
  }

  /// Lines for a shell that tell of everything below the current directory.
  private static let lists = [
    (
      "status",
      "find . -mindepth 1 ! -type d -exec stat -c '%f %u %g %h %s %t:%T %Y %n' {} + | sort; "
        + "find . -mindepth 1 ! -path ./lost+found -type d -exec stat -c '%f %u %g %h %Y %n' {} + "
        + "| sort; find . -type l | sort | while read -r link; do readlink $link; done"
    ),
    (
      "content",
      "find . -type f ! -name far | sort | xargs md5sum; for block in 0 1280 17920 153600; do "
        + "dd if=mapped/far bs=4096 skip=$block count=2 2>/dev/null | md5sum; done"
    ),
    ("attributes", "find . ! -path ./lost+found | sort | xargs getfattr -h -d -m - -e hex"),
  ]

  private static let comparisons = lists.map { name, line in
    """
      { \(line); } >/tmp/list 2>/tmp/errors
      cat /tmp/errors >>/tmp/list
      if cmp -s /tmp/list /expected/\(name); then say "\(name) as expected"
      else say "\(name):" $(diff /expected/\(name) /tmp/list | head -n 4); fi

    """
  }.joined()

  private static let script = """
    #!/bin/sh
    export PATH=/bin:/usr/bin:/tmp/bin LC_ALL=C
    mount -t proc proc /proc
    mount -t tmpfs tmpfs /tmp
    /sbin/busybox mkdir /tmp/bin
    /sbin/busybox --install -s /tmp/bin
    dmesg -n 1
    types=$(sed -n 's/.*nbdgen.types=\\([^ ]*\\).*/\\1/p' /proc/cmdline | tr , ' ')
    set -- b c d e f g h i j k l m n o p q r s t u v w x y z
    for type in $types; do
      disk=vd$1
      shift
      say() { echo "guest: $disk: $*"; }
      mount -t $type -o ro /dev/$disk /mnt || say "cannot mount"
      cd /mnt
    \(comparisons)
      cd /
      umount /mnt
      mount -t $type /dev/$disk /mnt || say "cannot mount to write"
      cd /mnt
    \(changes)
      cd /
      umount /mnt
      mount -t $type -o ro /dev/$disk /mnt || say "cannot mount again"
      say "attribute $(getfattr --only-values -n user.new /mnt/attributes/300 | wc -c) bytes"
      say "names $(ls -A /mnt/many | wc -l)"
      umount /mnt
    done
    dmesg | grep -E 'EXT[234]-fs|I/O error'
    echo "guest: done"
    sleep 0.2
    poweroff -f

    """

  /// Creates, removes, moves, grows, shrinks, links, fills and empties.
  private static let changes = """
      mkdir w
      (cd many; ls | sort | head -n 1500 | xargs rm)
      (cd many; seq 1500 | sed 's/^/a-new-name-/' | xargs touch)
      (cd many; ls | sort | tail -n 300 | xargs sh -c 'mv "$@" ../w' sh)
      : >mapped/pieces
      truncate -s 100000 mapped/large
      truncate -s 1000000000 small/1025
      cat small/[47]* >>mapped/hole
      dd if=/dev/urandom of=mapped/far bs=4096 seek=30000 count=20 conv=notrunc 2>/dev/null
      for number in 1 2 3 4 5 6 7 8 9; do ln small/4096 w/link$number; done
      rm -r deep/0/1/2
      mv deep w/
      rm special/name*
      ln -s "$(seq 1 250)" w/to
      mknod w/pipe p
      long=$(seq -s x 1000 1120)
      setfattr -n user.new -v "${long:0:600}" attributes/300
      setfattr -n user.value -v short attributes/900
      setfattr -x user.shared attributes/shared0
      setfattr -n user.shared -v other attributes/shared1
      dd if=/dev/zero of=w/fill bs=65536 2>/dev/null || say full
      rm w/fill
      mkdir w/again && cp -r w/deep w/again/ && say changed || say "cannot copy"

    """
}
