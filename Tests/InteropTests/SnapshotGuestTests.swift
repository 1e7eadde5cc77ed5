import Foundation
import TestSupport
import Testing

/// Trees on a filesystem that can clone files, and on one that goes away: in a guest,
/// where filesystems may be made and mounted.
@GuestThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct SnapshotGuestTests {
  /// What the guest runs; what it prints is compared.
  private static let startScript = """
    #!/bin/sh
    export PATH=/bin:/usr/bin
    cd /
    mount -t proc proc /proc
    mount -t devtmpfs devtmpfs /dev
    mount -t tmpfs tmpfs /tmp
    export TMPDIR=/tmp
    dmesg -n 1
    for name in $(cat /modules/btrfs); do
      /sbin/busybox insmod "/modules/$name.ko" || echo "guest: FAILED: no module $name"
    done
    truncate -s 120M /tmp/btrfs
    mkfs.btrfs -q /tmp/btrfs >/dev/null 2>&1
    mkdir /tmp/b
    mount -t btrfs -o loop /tmp/btrfs /tmp/b || echo "guest: FAILED: no btrfs"
    mkdir -p /tmp/b/t/sub
    cd /tmp/b/t
    seq 100000 >numbers
    seq 100 >few
    seq 20000 | dd of=sparse bs=64K seek=40 2>/dev/null
    cp numbers sub/copy
    echo "guest: snapshot begin"
    sum='nbdcopy "$uri" - | md5sum'
    change='for file in numbers few sparse sub/copy; do seq 7 >$file; done'
    nbdgen -U - linuxdisk . type=ext4 --run "$sum" 2>/tmp/log
    nbdgen -U - linuxdisk . type=ext4 snapshot=reflink --run "$change; $sum" 2>>/tmp/log
    ls /tmp/b/t
    nbdgen -U - linuxdisk . snapshot=reflink --run "$change; rm few; $sum >/dev/null" 2>>/tmp/log
    echo "log: $(grep -v serving /tmp/log)"
    mount -t tmpfs tmpfs sub
    seq 10 >sub/other
    nbdgen -U - linuxdisk . snapshot=reflink --run true 2>&1
    nbdgen -U - linuxdisk . snapshot=auto --run "$sum >/dev/null" 2>&1 | grep note
    nbdgen -U - linuxdisk . --run 'umount -l sub; nbdcopy "$uri" - >/dev/null 2>&1' 2>&1 | grep sub
    cd /tmp
    mkdir t
    seq 10 >t/file
    nbdgen -U - linuxdisk t snapshot=reflink --run true 2>&1
    echo "guest: snapshot end"
    sleep 0.2
    poweroff -f

    """

  @Test("Clones are served, whatever becomes of the files; a tree that goes away is not")
  func guest() throws {
    let guest = try ProgramGuest(
      "snapshot",
      programs: [.nbdgen(), Program("nbdcopy"), Program("mkfs.btrfs")],
      script: Self.startScript
    )
    let outcome = try guest.boot()
    let lines = try #require(FloppyGuest.section("snapshot", of: outcome), "\(outcome)")
    let filesystem = "the filesystem cannot share blocks between files (btrfs and XFS can)"
    try #require(lines.count > 2, "\(outcome)")
    #expect(lines[0] == lines[1] && lines[0].count == "0123456789abcdef".count * 2 + 3)
    #expect(
      Array(lines[2...]) == [
        "few      numbers  sparse   sub", "log: ",
        "nbdgen: linuxdisk: ./sub/other: it is on another filesystem than the tree's root",
        "nbdgen: note: 1 file is not in the snapshot, such as ./sub/other: it is on another "
          + "filesystem than the tree's root",
        "nbdgen: error: ./sub/other: at offset 0: the file is gone since the disk was built: "
          + "clients that read it get an I/O error",
        "nbdgen: linuxdisk: t/file: \(filesystem)",
      ],
      "\(outcome)"
    )
  }
}
