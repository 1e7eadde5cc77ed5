/// The numbers that messages start with.
///
/// Source of this and every other number in the module: the NBD protocol
/// specification, `doc/proto.md` of the NetworkBlockDevice project.
enum Magic {
  /// `NBDMAGIC`, what a server says first.
  static let greeting: UInt64 = 0x4E42_444D_4147_4943
  /// `IHAVEOPT`, in the greeting and before every option.
  static let option: UInt64 = 0x4948_4156_454F_5054
  /// Before every option reply.
  static let optionReply: UInt64 = 0x0003_E889_0455_65A9
  /// Before every request (`NBD_REQUEST_MAGIC`).
  static let request: UInt32 = 0x2560_9513
  /// Before every simple reply (`NBD_SIMPLE_REPLY_MAGIC`).
  static let simpleReply: UInt32 = 0x6744_6698
  /// Before every chunk (`NBD_STRUCTURED_REPLY_MAGIC`).
  static let structuredReply: UInt32 = 0x668E_33EF
  /// Before every request with an extended header (`NBD_EXTENDED_REQUEST_MAGIC`).
  static let extendedRequest: UInt32 = 0x21E4_1C71
  /// Before every chunk with an extended header (`NBD_EXTENDED_REPLY_MAGIC`).
  static let extendedReply: UInt32 = 0x6E8A_278C
}
