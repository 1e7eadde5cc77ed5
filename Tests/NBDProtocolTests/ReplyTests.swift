import NBDProtocol
import Testing

struct ReplyTests {
  /// The bytes that `body` appends, which fit the limit of a head.
  private func bytes(_ body: (inout OutputRawSpan) -> Void) -> [UInt8] {
    let limit = Reply.headLimit + Reply.errorMessageLimit
    return [UInt8](capacity: limit) { span in
      unsafe span.withUnsafeMutableBufferPointer { buffer, count in
        var output = unsafe OutputRawSpan(
          buffer: UnsafeMutableRawBufferPointer(buffer),
          initializedCount: 0
        )
        body(&output)
        count = output.byteCount
      }
    }
  }

  private let cookie: UInt64 = 0xFEDC_BA98_7654_3210

  private var address: ReplyAddress {
    ReplyAddress(cookie: cookie, offset: 0x77, form: .structured)
  }

  private let largest = ReplyAddress(cookie: .max, offset: .max, form: .structured)

  @Test("R1, R2: a simple reply is magic, error and cookie")
  func simple() {
    let success = bytes { Reply.appendSimple(address, error: nil, to: &$0) }
    #expect(success == wire(.u32(0x6744_6698), .u32(0), .u64(cookie)))
    #expect(success.count == Reply.simpleSize)
    let failure = bytes { Reply.appendSimple(largest, error: .inputOutput, to: &$0) }
    #expect(failure == wire(.u32(0x6744_6698), .u32(5), .u64(.max)))
  }

  @Test("K1: a data chunk counts its offset and its data", arguments: [false, true])
  func data(isLast: Bool) {
    for (offset, count) in [(0, 1), (0x7FFF_FFFF_FFFF_FFFE, 1), (512, 1 << 26)] {
      let chunk = bytes {
        Reply.appendData(address, isLast: isLast, offset: offset, count: count, to: &$0)
      }
      let head = wire(.u32(0x668E_33EF), .u16(isLast ? 1 : 0), .u16(1), .u64(cookie))
      #expect(chunk == head + wire(.u32(UInt32(8 + count)), .u64(UInt64(offset))))
      #expect(chunk.count == Reply.chunkSize + 8)
    }
  }

  @Test("K1: a hole chunk has 12 bytes of payload", arguments: [false, true])
  func hole(isLast: Bool) {
    let chunk = bytes {
      Reply.appendHole(address, isLast: isLast, offset: 1 << 40, count: 0xFFFF_FFFF, to: &$0)
    }
    let head = wire(.u32(0x668E_33EF), .u16(isLast ? 1 : 0), .u16(2), .u64(cookie))
    #expect(chunk == head + wire(.u32(12), .u64(1 << 40), .u32(.max)))
  }

  @Test("K1, K2: a chunk without content ends a reply")
  func none() {
    let chunk = bytes { Reply.appendNone(address, to: &$0) }
    #expect(chunk == wire(.u32(0x668E_33EF), .u16(1), .u16(0), .u64(cookie), .u32(0)))
  }

  @Test("K3, R6: an error chunk has a number and a text")
  func error() {
    let chunk = bytes {
      Reply.appendError(address, error: .invalid, message: "no", to: &$0)
    }
    let head = wire(.u32(0x668E_33EF), .u16(1), .u16(0x8001), .u64(cookie), .u32(8))
    #expect(chunk == head + wire(.u32(22), .u16(2), .text("no")))
    let empty = bytes { Reply.appendError(largest, error: .overflow, message: "", to: &$0) }
    #expect(empty.suffix(10) == wire(.u32(6), .u32(75), .u16(0))[...])
  }

  @Test("A2: a block status chunk counts its context and its descriptors")
  func blockStatus() {
    let chunk = bytes {
      Reply.appendBlockStatus(address, context: .allocation, count: 2, isLast: true, to: &$0)
      BlockStatusDescriptor(length: 512, state: 0).encode(.structured, into: &$0)
      BlockStatusDescriptor(length: 0xFFFF_FE00, state: 3)
        .encode(.structured, into: &$0)
    }
    let head = wire(.u32(0x668E_33EF), .u16(1), .u16(5), .u64(cookie), .u32(20))
    #expect(chunk == head + wire(.u32(1), .u32(512), .u32(0), .u32(0xFFFF_FE00), .u32(3)))
    #expect(BlockStatusDescriptor.size(.structured) == 8)
  }

  @Test("V1: errors have the protocol's numbers, whatever the host's are")
  func errorNumbers() {
    let errors: [ErrorNumber] = [.notPermitted, .inputOutput, .invalid, .overflow, .shuttingDown]
    #expect(errors.map(\.rawValue) == [1, 5, 22, 75, 108])
  }

  @Test("Z5, Z6: the block sizes are the protocol's defaults")
  func blockSizes() {
    #expect(BlockSizes.minimum == 1)
    #expect(BlockSizes.preferred == 4096)
    #expect(BlockSizes.maximumPayload >= 1 << 25)
  }

  @Test("E6, E8: with extended headers every reply is chunks of 32 bytes and a payload")
  func extended() {
    let address = ReplyAddress(cookie: cookie, offset: 0x1122_3344_5566_7788, form: .extended)
    func head(_ flags: UInt16, _ type: UInt16, _ payload: UInt64) -> [UInt8] {
      wire(.u32(0x6E8A_278C), .u16(flags), .u16(type), .u64(cookie))
        + wire(.u64(0x1122_3344_5566_7788), .u64(payload))
    }
    #expect(bytes { Reply.appendNone(address, to: &$0) } == head(1, 0, 0))
    let data = bytes {
      Reply.appendData(address, isLast: false, offset: 5, count: 1 << 26, to: &$0)
    }
    #expect(data == head(0, 1, 8 + 1 << 26) + wire(.u64(5)))
    let hole = bytes { Reply.appendHole(address, isLast: true, offset: 5, count: 6, to: &$0) }
    #expect(hole == head(1, 2, 12) + wire(.u64(5), .u32(6)))
    let error = bytes { Reply.appendError(address, error: .invalid, message: "no", to: &$0) }
    #expect(error == head(1, 0x8001, 8) + wire(.u32(22), .u16(2), .text("no")))
    let status = bytes {
      Reply.appendBlockStatus(address, context: .allocation, count: 1, isLast: true, to: &$0)
      BlockStatusDescriptor(length: 1 << 60, state: 3).encode(.extended, into: &$0)
    }
    #expect(status == head(1, 6, 24) + wire(.u32(1), .u32(1), .u64(1 << 60), .u64(3)))
  }
}
