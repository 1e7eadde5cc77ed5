/// Expressions that the manual shows and that tests build.
enum ManualExamples {
  /// A disk of 1 MiB with one Linux partition from sector 1 on.
  static let masterBootRecord = """
    @0x1BE 0 0 2 0 0x83 0x20 0x20 0 le32:1 le32:0x7FF @0x1FE 0x55 0xAA @1M
    """

  /// A disk of 2 MiB with a GUID partition table of one Linux partition.
  static let guidPartitionTable = #"""
    (0xAF 0x3D 0xC6 0x0F 0x83 0x84 0x72 0x47   # a Linux filesystem
     0x8E 0x79 0x3D 0x69 0xD8 0x47 0x7D 0xE4
     "one partition :)" le64:2048 le64:4062     # its GUID, first and last sector
     @56 "r\x00o\x00o\x00t\x00" @=64) -> \entry
    ("EFI PART" le32:0x10000 le32:92) -> \start
    (le64:34 le64:4062 "a disk by nbdgen") -> \middle
    (le32:128 le32:128 le32:0xBC2B0320 @=12) -> \end
    @0x1BE 0 0 2 0 0xEE 0xFF 0xFF 0xFF le32:1 le32:4095 @0x1FE 0x55 0xAA @=512
    \start le32:0x0A859B61 le32:0 le64:1 le64:4095 \middle le64:2 \end
    @1K \entry
    @4063s \entry
    @4095s \start le32:0xFDFDBCA3 le32:0 le64:4095 le64:1 \middle le64:4063 \end
    @4096s
    """#

  /// A boot sector that waits for ever.
  static let bootSector = "0xEB 0xFE @<=510 @0x1FE 0x55 0xAA"

  /// The lines of an example, indented as the manual shows it.
  static func indented(_ example: String) -> String {
    example.split(separator: "\n").map { "    " + $0 }.joined(separator: "\n")
  }
}
