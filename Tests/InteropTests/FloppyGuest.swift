import Foundation
import TestSupport

/// The test guest with an init of its own that looks at FAT filesystems.
enum FloppyGuest {
  private static let scripts = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("scripts").path

  /// The path of the kernel, which is downloaded if it is not there.
  static func kernel() throws -> String { try prepared.get() + "/vmlinuz" }

  private static let prepared = Result {
    let top = URL(fileURLWithPath: scripts).deletingLastPathComponent()
    let directory = top.appendingPathComponent(".build/guest").path
    try Program("\(scripts)/guest/prepare").succeed([directory], timeout: 400)
    return directory
  }

  /// The path of the guest's initramfs, with the init behind it.
  static func initramfs() throws -> String { try combined.get() }

  private static let combined = Result {
    let directory = try TemporaryDirectory.shared()
    try RawPath(directory("add")).makeDirectory()
    try RawPath(directory("add/floppy-init")).write(Array(initScript.utf8))
    try RawPath(directory("add/floppy-init")).setPermissions(0o755)
    // The kernel unpacks one archive after the other.
    let line = """
      echo floppy-init | cpio --quiet -D add -o -H newc --owner=+0:+0 | gzip |
      cat '\(try prepared.get())/initramfs' - >initramfs
      """
    let outcome = try Program.shell(line, directory: directory.path)
    guard outcome.status == 0 else { throw ToolFailure("\(line): \(outcome)") }
    return directory("initramfs")
  }

  /// What the guest's kernel is told beside what a test tells it.
  static let words = "rdinit=/floppy-init console=ttyS0 panic=-1 quiet no_timer_check tsc=reliable"

  /// Mounts each disk of `floppy.disks=`, and prints what is on it: a line for a
  /// directory, two for a file, and what programs complain of, all compressed
  /// and in base64, which no terminal changes.
  private static let initScript = """
    #!/bin/sh
    export PATH=/bin
    fail() {
      echo "guest: FAILED: $*"
      sleep 0.2
      poweroff -f
    }
    list() {
      mount -t vfat -o ro,utf8,tz=UTC "/dev/$1" /newroot || return
      cd /newroot
      busybox find . -mindepth 1 -type d -exec busybox stat -c '%Y %n' {} + -o \\
        -type f -exec busybox stat -c '%s %Y %a %n' {} + -exec busybox md5sum {} +
    }
    mount -t proc proc /proc
    mount -t sysfs sysfs /sys
    mount -t devtmpfs devtmpfs /dev
    disks= label=
    for word in $(cat /proc/cmdline); do
      case $word in
        floppy.disks=*) disks=${word#*=} ;;
        floppy.label=*) label=${word#*=} ;;
      esac
    done
    echo "guest: booted"
    for name in $(cat /modules/virtio /modules/fat); do
      insmod "/modules/$name.ko" || fail "cannot load $name"
    done
    busybox dmesg -n 1
    tries=0
    for disk in $(echo "$disks" | busybox tr , ' '); do
      while [ ! -b "/dev/$disk" ]; do
        # Then it cannot be mounted, which the list says.
        [ $tries -lt 100 ] || break
        tries=$((tries + 1))
        sleep 0.1
      done
      echo "guest: $disk begin"
      list "$disk" 2>&1 | busybox gzip | busybox base64
      echo "guest: $disk end"
      busybox umount /newroot
    done
    if [ -n "$label" ]; then
      # As cloud-init looks for its seed, and mounts it.
      disk=$(busybox findfs "LABEL=$label") || fail "no disk of label $label"
      mount -t vfat -o ro "$disk" /newroot || fail "cannot mount $disk"
      echo "guest: seed begin"
      cat /newroot/meta-data /newroot/user-data
      echo "guest: seed end"
    fi
    busybox dmesg | busybox grep -E 'FAT-fs|I/O error'
    echo "guest: done"
    sleep 0.2
    poweroff -f

    """

  /// How many disks a guest has at most, of the tests that have many.
  static let diskLimit = 20

  /// What the guest calls the filesystem of a disk, by the disk's number and
  /// whether there is a partition table.
  static func name(_ number: Int, isPartition: Bool) -> String {
    let letter = Array("abcdefghijklmnopqrstuvwxyz")[number]
    return "vd\(letter)\(isPartition ? "1" : "")"
  }

  /// Boots a guest with these disks, URIs or files, which lists the filesystems
  /// of these names.
  static func boot(
    _ disks: [String],
    listing names: [String],
    telling more: String = ""
  ) throws -> Outcome {
    var words = ["-accel", "tcg", "-m", "256", "-no-reboot", "-nodefaults", "-display", "none"]
    words += ["-monitor", "none", "-serial", "stdio", "-net", "none"]
    words += ["-kernel", try kernel(), "-initrd", try initramfs()]
    let list = "floppy.disks=\(names.joined(separator: ","))"
    // Without ACPI's interrupts, disks are found much sooner.
    words += ["-append", "\(Self.words) pci=noacpi \(list) \(more)"]
    for disk in disks { words += ["-drive", drive(disk)] }
    return try Program("qemu-system-x86_64").run(words, timeout: 300)
  }

  /// What the option of qemu says of a served disk.
  static func drive(_ uri: String, _ more: String = "if=virtio") -> String {
    // A comma is written twice.
    "file=\(uri.split(separator: ",").joined(separator: ",,")),format=raw,readonly=on,\(more)"
  }

  /// In what a guest's run is not as it should be, whatever the disks hold.
  static func complaints(about outcome: Outcome) -> [String] {
    var complaints = outcome.lines.filter { $0.contains(/FAT-fs|I\/O error|guest: FAILED/) }
    if outcome.status != 0 { complaints.append("qemu: exit status \(outcome.status)") }
    if !outcome.lines.contains(where: { $0.hasPrefix("guest: done") }) {
      complaints.append("the guest did not come to its end")
    }
    return complaints + outcome.errorLines
  }

  /// The lines between two that the guest printed; `nil` if they are not there.
  static func section(_ name: String, of outcome: Outcome) -> [String]? {
    // The serial line ends its lines in CR LF.
    let lines = outcome.lines.map { $0.last == "\r" ? String($0.dropLast()) : $0 }
    guard let start = lines.firstIndex(of: "guest: \(name) begin"),
      let end = lines.firstIndex(of: "guest: \(name) end")
    else { return nil }
    return Array(lines[(start + 1)..<end])
  }
}
