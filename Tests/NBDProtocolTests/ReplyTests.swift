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

  @Test("R1, R2: a simple reply is magic, error and cookie")
  func simple() {
    let success = bytes { Reply.appendSimple(cookie: cookie, error: nil, to: &$0) }
    #expect(success == wire(.u32(0x6744_6698), .u32(0), .u64(cookie)))
    #expect(success.count == Reply.simpleSize)
    let failure = bytes { Reply.appendSimple(cookie: .max, error: .inputOutput, to: &$0) }
    #expect(failure == wire(.u32(0x6744_6698), .u32(5), .u64(.max)))
  }

  @Test("K1: a data chunk counts its offset and its data", arguments: [false, true])
  func data(isLast: Bool) {
    for (offset, count) in [(0, 1), (0x7FFF_FFFF_FFFF_FFFE, 1), (512, 1 << 26)] {
      let chunk = bytes {
        Reply.appendData(cookie: cookie, isLast: isLast, offset: offset, count: count, to: &$0)
      }
      let head = wire(.u32(0x668E_33EF), .u16(isLast ? 1 : 0), .u16(1), .u64(cookie))
      #expect(chunk == head + wire(.u32(UInt32(8 + count)), .u64(UInt64(offset))))
      #expect(chunk.count == Reply.chunkSize + 8)
    }
  }

  @Test("K1: a hole chunk has 12 bytes of payload", arguments: [false, true])
  func hole(isLast: Bool) {
    let chunk = bytes {
      Reply.appendHole(cookie: cookie, isLast: isLast, offset: 1 << 40, count: 0xFFFF_FFFF, to: &$0)
    }
    let head = wire(.u32(0x668E_33EF), .u16(isLast ? 1 : 0), .u16(2), .u64(cookie))
    #expect(chunk == head + wire(.u32(12), .u64(1 << 40), .u32(.max)))
  }

  @Test("K1, K2: a chunk without content ends a reply")
  func none() {
    let chunk = bytes { Reply.appendNone(cookie: cookie, to: &$0) }
    #expect(chunk == wire(.u32(0x668E_33EF), .u16(1), .u16(0), .u64(cookie), .u32(0)))
  }

  @Test("K3, R6: an error chunk has a number and a text")
  func error() {
    let chunk = bytes {
      Reply.appendError(cookie: cookie, error: .invalid, message: "no", to: &$0)
    }
    let head = wire(.u32(0x668E_33EF), .u16(1), .u16(0x8001), .u64(cookie), .u32(8))
    #expect(chunk == head + wire(.u32(22), .u16(2), .text("no")))
    let empty = bytes { Reply.appendError(cookie: 0, error: .overflow, message: "", to: &$0) }
    #expect(empty.suffix(10) == wire(.u32(6), .u32(75), .u16(0))[...])
  }

  @Test("A2: a block status chunk counts its context and its descriptors")
  func blockStatus() {
    let chunk = bytes {
      Reply.appendBlockStatus(cookie: cookie, context: .allocation, count: 2, to: &$0)
      BlockStatusDescriptor(length: 512, state: []).encode(into: &$0)
      BlockStatusDescriptor(length: 0xFFFF_FE00, state: [.hole, .zero]).encode(into: &$0)
    }
    let head = wire(.u32(0x668E_33EF), .u16(1), .u16(5), .u64(cookie), .u32(20))
    #expect(chunk == head + wire(.u32(1), .u32(512), .u32(0), .u32(0xFFFF_FE00), .u32(3)))
    #expect(BlockStatusDescriptor.size == 8)
    #expect(AllocationState.zero.rawValue == 2)
  }

  @Test("V1: errors have the protocol's numbers, whatever the host's are")
  func errorNumbers() {
    let errors: [ErrorNumber] = [.notPermitted, .inputOutput, .invalid, .overflow, .shuttingDown]
    #expect(errors.map(\.rawValue) == [1, 5, 22, 75, 108])
  }

  @Test("Z4, Z5: the block sizes are the protocol's defaults")
  func blockSizes() {
    #expect(BlockSizes.minimum == 1)
    #expect(BlockSizes.preferred == 4096)
    #expect(BlockSizes.maximumPayload >= 1 << 25)
  }
}
