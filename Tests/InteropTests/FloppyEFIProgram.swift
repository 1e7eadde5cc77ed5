/// An EFI application that prints a line to the first serial port, and says that
/// it was not found, so that the firmware goes on to what else it can boot.
enum FloppyEFIProgram {
  /// What it prints.
  static let line = "BOOTX64.EFI started"

  /// The program: a PE32+ image of one section.
  static var bytes: [UInt8] {
    let text = Array("\r\n\(line)\r\n".utf8)
    var image = dosHeader + peHeader
    image += Array(".text\0\0\0".utf8)
    // Size, address, size in the file, place in the file; then what is code.
    image += words([UInt32(code.count + text.count), 0x200, 0x200, 0x200])
    image += words([0, 0, 0, 0x6000_0020])
    image += [UInt8](repeating: 0, count: 0x200 - image.count)
    image += code + text
    return image + [UInt8](repeating: 0, count: 0x400 - image.count)
  }

  private static func words(_ values: [UInt32]) -> [UInt8] {
    values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }
  }

  /// "MZ", and where the other header is.
  private static var dosHeader: [UInt8] {
    [0x4D, 0x5A] + [UInt8](repeating: 0, count: 58) + words([0x40])
  }

  /// The file header and the optional one, which is not.
  private static var peHeader: [UInt8] {
    // x86-64, one section, 0x70 bytes of optional header, an executable.
    var header = Array("PE\0\0".utf8) + words([0x0001_8664, 0, 0, 0, 0x022E_0070])
    // PE32+, size of code, entry point, base of code, base of the image.
    header += words([0x20B, 0x200, 0, 0, 0x200, 0x200, 0, 0])
    // Alignments, versions, sizes of image and headers, "EFI application".
    header += words([0x200, 0x200, 0, 0, 0, 0, 0x400, 0x200, 0, 10])
    // Stack and heap, and no directories.
    return header + words([UInt32](repeating: 0, count: 10))
  }

  /// 64-bit code, in the syntax of nasm.
  private static let code: [UInt8] = [
    // start:
    0x48, 0x8D, 0x35, 0x1F, 0x00, 0x00, 0x00,  // lea rsi, [rel text]
    0xB9, 0x17, 0x00, 0x00, 0x00,  // mov ecx, end-text
    // next:
    0x66, 0xBA, 0xFD, 0x03,  // mov dx, 0x3FD
    // wait:
    0xEC,  // in al, dx
    0xA8, 0x20,  // test al, 0x20
    0x74, 0xFB,  // jz wait
    0xB2, 0xF8,  // mov dl, 0xF8
    0xAC,  // lodsb
    0xEE,  // out dx, al
    0xE2, 0xF1,  // loop next
    0xB8, 0x0E, 0x00, 0x00, 0x00,  // mov eax, 0xE
    0x48, 0x0F, 0xBA, 0xE8, 0x3F,  // bts rax, 63
    0xC3,  // ret
  ]
}
