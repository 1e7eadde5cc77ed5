import Foundation
import TestSupport
import Testing

/// Firmware's view of FAT filesystems.
@GuestThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct FloppyBootTests {
  @Test("A BIOS boots from a floppy, and its boot sector finds a file", arguments: [1440, 720])
  func floppy(_ kilobytes: Int) throws {
    let directory = try TemporaryDirectory()
    let greeting = "hello from a floppy of \(kilobytes)K\n"
    let tree = RawPath(directory("tree"))
    try tree.makeDirectory()
    // So that it is neither the first file nor in the first sector.
    for number in 10..<40 { try (tree / "a long name \(number)").write([0x2E]) }
    try (tree / "hello.txt").write(Array(greeting.utf8))
    try RawPath(directory("sector")).write(FloppyBootSector.bytes)
    let words = ["size=\(kilobytes)K", "bootsector=\(directory("sector"))"]
    let server = try NbdgenProcess(["floppy", "\(tree)"] + words)
    let outcome = try Program("qemu-system-i386").run(
      [
        "-accel", "tcg", "-m", "16", "-nodefaults", "-display", "none", "-monitor", "none",
        "-serial", "none", "-debugcon", "stdio", "-boot", "a", "-no-reboot",
        "-device", "isa-debug-exit,iobase=0xf4,iosize=1",
        "-drive", FloppyGuest.drive(server.uri, "if=floppy"),
      ],
      timeout: 100
    )
    #expect(outcome.status == FloppyBootSector.exitStatus, "\(outcome)")
    #expect(outcome.text == greeting)
    try server.stop()
    let image = try FloppyImage(of: tree, words)
    let complaints = try image.complaints(comparedWith: tree)
    #expect(complaints.isEmpty, "\(summary(complaints))")
    let sector = try RawPath(image.disk).read(0..<512)
    #expect(sector[..<11] == FloppyBootSector.bytes[..<11])
    #expect(sector[62...] == FloppyBootSector.bytes[62...])
  }

  private static let firmware = "/usr/share/OVMF/OVMF_CODE_4M.fd"

  /// The file that the firmware starts by itself, and the script that its shell
  /// then runs.
  private static let script = """
    \\EFI\\Linux\\vmlinuz.efi initrd=\\EFI\\Linux\\initrd \(FloppyGuest.words)\r

    """

  @Test(
    "UEFI starts BOOTX64.EFI, its shell a script, and that Linux",
    arguments: [["type=fat32", "layout=gpt"], ["layout=gpt"], ["type=fat16"]]
  )
  func efi(_ words: [String]) throws {
    #expect(FileManager.default.fileExists(atPath: Self.firmware), "Debian package ovmf")
    let directory = try TemporaryDirectory()
    let tree = RawPath(directory("tree"))
    for folder in ["", "/EFI", "/EFI/BOOT", "/EFI/Linux"] {
      try RawPath("\(tree)\(folder)").makeDirectory()
    }
    try (tree / "startup.nsh").write(Array(Self.script.utf8))
    try (tree / "EFI/BOOT/BOOTX64.EFI").write(FloppyEFIProgram.bytes)
    let copy = try Program("cp")
    try copy.succeed([FloppyGuest.kernel(), "\(tree)/EFI/Linux/vmlinuz.efi"])
    try copy.succeed([FloppyGuest.initramfs(), "\(tree)/EFI/Linux/initrd"])
    let server = try NbdgenProcess(["floppy", "\(tree)"] + words)
    let outcome = try Program("qemu-system-x86_64").run(
      [
        "-accel", "tcg", "-machine", "q35", "-m", "256", "-nodefaults", "-display", "none",
        "-monitor", "none", "-serial", "stdio", "-no-reboot", "-net", "none",
        "-drive", "if=pflash,format=raw,readonly=on,file=\(Self.firmware)",
        "-drive", FloppyGuest.drive(server.uri),
      ],
      timeout: 200
    )
    #expect(outcome.status == 0, "\(outcome)")
    for line in [FloppyEFIProgram.line, "guest: booted", "guest: done"] {
      #expect(outcome.text.contains(line), "\(outcome)")
    }
    try server.stop()
  }
}
