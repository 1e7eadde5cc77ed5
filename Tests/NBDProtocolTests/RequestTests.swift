import NBDProtocol
import Testing

struct RequestTests {
  private func decode(_ bytes: [UInt8], _ form: ReplyForm = .structured) -> Request? {
    unsafe Request(decoding: bytes.span.bytes, form: form)
  }

  @Test("Q1: a request is 28 bytes: magic, flags, type, cookie, offset, length")
  func layout() throws {
    let bytes = wire(
      .u32(0x2560_9513),
      .u16(0x0102),
      .u16(0x0304),
      .u64(0x1112_1314_1516_1718),
      .u64(0x2122_2324_2526_2728),
      .u32(0x3132_3334)
    )
    #expect(bytes.count == Request.size(.structured))
    let request = try #require(decode(bytes))
    #expect(request.flags.rawValue == 0x0102)
    #expect(request.command.rawValue == 0x0304)
    #expect(request.cookie == 0x1112_1314_1516_1718)
    #expect(request.offset == 0x2122_2324_2526_2728)
    #expect(request.length == 0x3132_3334)
  }

  @Test("Q1: each bit belongs to one field", arguments: 0..<192)
  func bits(bit: Int) throws {
    var bytes = wire(.u32(0x2560_9513)) + [UInt8](repeating: 0, count: 24)
    bytes[4 + bit / 8] = 0x80 >> (bit % 8)
    let request = try #require(decode(bytes))
    #expect(request.flags.rawValue == (bit < 16 ? 1 << (15 - bit) : 0))
    #expect(request.command.rawValue == ((16..<32).contains(bit) ? 1 << (31 - bit) : 0))
    #expect(request.cookie == ((32..<96).contains(bit) ? 1 << (95 - bit) : 0))
    #expect(request.offset == ((96..<160).contains(bit) ? 1 << (159 - bit) : 0))
    #expect(request.length == (bit >= 160 ? 1 << (191 - bit) : 0))
  }

  @Test("Q1: all fields take their largest values")
  func largest() throws {
    let request = try #require(
      decode(wire(.u32(0x2560_9513)) + [UInt8](repeating: 0xFF, count: 24))
    )
    #expect(request.flags.rawValue == .max && request.command.rawValue == .max)
    #expect(
      request.cookie == .max && request.offset == .max && request.length == UInt64(UInt32.max)
    )
    #expect(request.payloadSize(.structured) == 0)
  }

  @Test("Q2: no other magic begins a request", arguments: 0..<32)
  func magic(bit: UInt32) {
    let rest = [UInt8](repeating: 0, count: 24)
    #expect(decode(wire(.u32(0x2560_9513 ^ 1 << bit)) + rest) == nil)
  }

  @Test("E5: extended requests and replies are no requests")
  func otherMagics() {
    let rest = [UInt8](repeating: 0, count: 24)
    for magic: UInt32 in [0x21E4_1C71, 0x2560_9514, 0x6744_6698, 0x668E_33EF, 0, .max] {
      #expect(decode(wire(.u32(magic)) + rest) == nil)
    }
  }

  @Test("W2: a payload follows WRITE only", arguments: 0..<10 as Range<UInt16>)
  func payload(type: UInt16) throws {
    let bytes = wire(.u32(0x2560_9513), .u16(0), .u16(type), .u64(1), .u64(2), .u32(.max))
    let request = try #require(decode(bytes))
    #expect(request.payloadSize(.simple) == (type == 1 ? 4_294_967_295 : 0))
  }

  @Test("the commands and flags have the specification's numbers")
  func numbers() {
    let commands: [Command] = [
      .read, .write, .disconnect, .flush, .trim, .cache, .writeZeroes, .blockStatus,
    ]
    #expect(commands.map(\.rawValue) == Array(0...7))
    let flags: [CommandFlags] = [.forceUnitAccess, .noHole, .dontFragment, .requestOne, .fastZero]
    #expect(flags.map(\.rawValue) == [1, 2, 4, 8, 16])
  }

  @Test("O5: an option header is magic, option and length")
  func optionHeader() throws {
    let bytes = wire(.text("IHAVEOPT"), .u32(0x0102_0304), .u32(.max))
    #expect(bytes.count == OptionHeader.size)
    #expect(try #require(OptionHeader(decoding: bytes)).dataSize == 4_294_967_295)
    for index in 0..<8 {
      var wrong = bytes
      wrong[index] ^= 1
      #expect(OptionHeader(decoding: wrong) == nil)
    }
  }

  @Test("E5: with extended headers a request is 32 bytes with a length of 64 bits")
  func extended() throws {
    let bytes =
      wire(.u32(0x21E4_1C71), .u16(0x0020), .u16(7), .u64(0x1112_1314_1516_1718))
      + wire(.u64(0x2122_2324_2526_2728), .u64(0x3132_3334_3536_3738))
    #expect(bytes.count == Request.size(.extended))
    let request = try #require(decode(bytes, .extended))
    #expect(request.flags == .payloadLength && request.command == .blockStatus)
    #expect(request.cookie == 0x1112_1314_1516_1718)
    #expect(request.offset == 0x2122_2324_2526_2728)
    #expect(request.length == 0x3132_3334_3536_3738)
    #expect(request.payloadSize(.extended) == request.length)
    #expect(decode(bytes, .structured) == nil)
    #expect(decode(wire(.u32(0x2560_9513)) + bytes[4...], .extended) == nil)
  }

  @Test("E10: what follows a block status request is a length and contexts, each once")
  func blockStatusPayload() {
    func decode(_ fields: [UInt8]) -> BlockStatusPayload? {
      BlockStatusPayload(decoding: fields, selected: [.allocation])
    }
    let one = decode(wire(.u64(1 << 60), .u32(1)))
    #expect(one?.length == 1 << 60 && one?.contexts == [.allocation])
    #expect(decode(wire(.u64(5)))?.contexts == [])
    for wrong in [
      wire(.u64(5), .u32(1), .u32(1)), wire(.u64(5), .u32(2)), wire(.u32(5)), [],
      wire(.u64(5), .u32(1), .u16(0)),
    ] {
      #expect(decode(wrong) == nil)
    }
    #expect(BlockStatusPayload(decoding: wire(.u64(5), .u32(1)), selected: []) == nil)
  }
}
