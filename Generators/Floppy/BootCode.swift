import DiskModel

/// What a PC runs when it boots from the filesystem.
struct BootCode: Equatable, Sendable {
  /// The user's sector; `nil` for code that says that there is nothing to boot.
  private var given: [UInt8]?

  /// Says that the disk is not bootable, and waits for a key.
  static let message = BootCode()

  private init() {}

  /// Takes the code of a sector.
  ///
  /// - Throws: ``Problem`` if it would not work with a BPB in it.
  init(_ sector: [UInt8]) throws(Problem) {
    guard sector.count == sectorSize else {
      throw Problem(text: "has \(sector.count) bytes, not 512")
    }
    guard Self.target(of: sector) != nil else {
      throw Problem(text: "does not start with a jump over the BPB: EB xx 90, or E9 xx xx")
    }
    given = sector
  }

  /// Why a sector cannot be used.
  struct Problem: Error, Equatable {
    var text: String
  }

  /// What is wrong with the code for a type of filesystem; `nil` if nothing is.
  func problem(for type: FATType) -> Problem? {
    guard let given, let target = Self.target(of: given) else { return nil }
    let start = Self.start(for: type)
    guard target < start else { return nil }
    let advice = type == .fat32 ? "; type=fat12 or type=fat16 leave room from 62 on" : ""
    return Problem(
      text: "jumps to byte \(target), where \(type.name) has its BPB, up to byte \(start)\(advice)"
    )
  }

  /// Whether it is the user's.
  var isGiven: Bool { given != nil }

  /// Where the first jump leads.
  private static func target(of sector: [UInt8]) -> Int? {
    switch sector[0] {
    case 0xEB: 2 + Int(Int8(bitPattern: sector[1]))
    case 0xE9: 3 + Int(Int16(bitPattern: UInt16(sector[1]) | UInt16(sector[2]) << 8))
    default: nil
    }
  }

  /// Where the BPB and what belongs to it end.
  static func start(for type: FATType) -> Int { type == .fat32 ? 90 : 62 }

  /// The 512 bytes, with anything where the BPB will be.
  func sector(for type: FATType) -> [UInt8] {
    if let given { return given }
    let start = Self.start(for: type)
    var bytes = [UInt8](repeating: 0, count: sectorSize)
    bytes.replaceSubrange(0..<3, with: [0xEB, UInt8(start - 2), 0x90])
    // What some systems insist on (BS_OEMName).
    bytes.replaceSubrange(3..<11, with: Array("MSWIN4.1".utf8))
    let code = Self.code + Array("This disk has nothing to boot from.\r\nPress any key.\r\n\0".utf8)
    bytes.replaceSubrange(start..<start + code.count, with: code)
    bytes.set(UInt16(0xAA55), at: 510)
    return bytes
  }

  /// Prints what follows it up to a zero byte, waits for a key, and lets the BIOS
  /// try the next disk.
  ///
  /// It runs wherever it is.
  private static let code: [UInt8] = [
    0xE8, 0x00, 0x00,  // call the next instruction, which leaves its address
    0x5E,  // pop si
    0x0E, 0x1F,  // push cs; pop ds
    0x83, 0xC6, 0x1B,  // add si, from the pop to the text
    0xFC,  // cld
    0xAC,  // lodsb
    0x84, 0xC0,  // test al, al
    0x74, 0x09,  // jz to the wait
    0xB4, 0x0E,  // mov ah, 0Eh: teletype output
    0xBB, 0x07, 0x00,  // mov bx, 7
    0xCD, 0x10,  // int 10h
    0xEB, 0xF2,  // jmp to the lodsb
    0x30, 0xE4,  // xor ah, ah
    0xCD, 0x16,  // int 16h: wait for a key
    0xCD, 0x19,  // int 19h: boot again
  ]
}
