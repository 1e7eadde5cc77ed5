import NBDProtocol
import NIOCore

/// Sizes that bound what one connection may cost, whatever was asked for.
enum ConnectionLimits {
  /// Most bytes that may follow a request: those of any write, which are thrown
  /// away; with extended headers, the maximum payload.
  static func payloadSize(_ form: ReplyForm) -> Int {
    form == .extended ? Int(BlockSizes.maximumPayload) : Int(UInt32.max)
  }

  /// Reads longer than this are answered piece by piece, in bytes.
  static let pieceSize = 1 << 17

  /// The same where bytes are sent from where they are, which takes no memory: the longer
  /// what the socket gets at a time, the less each byte costs, over TCP two fifths less than
  /// with 128 KiB.
  static let pieceInPlaceSize = 1 << 21

  /// Of bytes that are sent from where they are, so many are copied when the socket does not
  /// take them.
  static let restSize = 1 << 16

  /// Replies are gathered up to this size before they are sent, in bytes.
  ///
  /// Sending wakes the client, which costs more than copying what it gets: with 64 reads of
  /// 4 KiB on their way, 64 KiB at a time was a third slower. More than this gains nothing.
  static let batchSize = 1 << 17

  /// Room for what is received directly from a client, in bytes: over 100 requests.
  static let receiveSize = 1 << 12

  /// Bytes in memory are sent from where they are if there are so many: less are copied
  /// more quickly.
  static let leastInPlace = 1 << 15

  /// So many requests are answered before it is looked whether a connection should be
  /// served by another event loop: what ends sooner is not worth moving.
  static let stepsBeforeMove = 64

  /// So many simple requests are answered before it is looked whether a turn is over.
  static let workPerLook = 16

  /// So many pieces of the disk are looked at for block status in the time of a simple
  /// request.
  static let piecesPerRequest = 16

  /// Of the next request, no more is fetched ahead from memory, in bytes: larger reads
  /// leave the processor the time to see by itself what they want.
  static let prefetchSize = 1 << 12

  /// What a read counts that is on its way, besides its bytes; so there are at
  /// most 1,024 of them, unless the limit is another.
  static let inFlightOverhead = 1 << 12

  /// How long one connection keeps its event loop busy before others get their
  /// turn.
  static let turn = TimeAmount.microseconds(500)

  /// How many turns a connection may have in a row that shares its event loop with none.
  static let turnsInARow = 8

  /// The same in a negotiation, which nobody needs to be fast.
  static let negotiationTurn = TimeAmount.microseconds(50)

  /// How long it then gives way: long enough for the event loop to look for
  /// what has arrived elsewhere.
  static let pause = TimeAmount.microseconds(100)

  /// When the socket takes no more than this, production of replies stops.
  static let writeBuffer = ChannelOptions.Types.WriteBufferWaterMark(low: 1 << 16, high: 3 << 16)

  /// The same where replies are sent directly: SwiftNIO has only what the socket did not
  /// take, all of which counts, and everything else waits until it does.
  static let directWriteBuffer = ChannelOptions.Types.WriteBufferWaterMark(low: 1, high: 2)
}
