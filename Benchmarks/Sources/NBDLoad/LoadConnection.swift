import Glibc

/// A connection that keeps a number of requests on their way.
///
/// All complete replies of one receive are taken together, and as many requests are
/// sent at once. Payloads are passed over, or compared, where they were received.
@safe final class LoadConnection {
  let socket: Socket
  private let plan: LoadPlan
  private let isStructured: Bool
  private let reference: Reference?
  private var offsets: OffsetSequence
  private var comparedZeros = 0

  /// Requests that wait for being sent, 28 bytes each.
  private let outgoing: UnsafeMutableRawBufferPointer
  private var outgoingCount = 0

  /// What was received and not understood yet: the start of a header.
  private let incoming: UnsafeMutableRawBufferPointer
  private var incomingCount = 0

  /// Bytes of the current payload that are to come, and where on the disk they belong.
  private var payloadLeft = 0
  private var payloadOffset = -1
  private var endsRequest = false
  private var slot = 0

  /// For each request on its way: where it starts, when it was sent, and how much of it
  /// was covered by replies.
  private var slots: [Slot]
  /// How many of them have been answered, and asked nothing since.
  private var idle = 0

  private struct Slot {
    var offset = 0
    var sent = 0
    var covered = 0
  }

  init(_ negotiated: Negotiated, plan: LoadPlan, offsets: OffsetSequence) throws {
    socket = negotiated.socket
    isStructured = negotiated.isStructured
    self.plan = plan
    self.offsets = offsets
    reference = try plan.reference.map { try Reference(path: $0, diskOffset: plan.referenceOffset) }
    unsafe outgoing = .allocate(byteCount: plan.depth * 28, alignment: 8)
    unsafe incoming = .allocate(byteCount: 256 << 10, alignment: 64)
    slots = Array(repeating: Slot(), count: plan.depth)
  }

  deinit {
    unsafe outgoing.deallocate()
    unsafe incoming.deallocate()
    socket.close()
  }

  /// Sends the first requests, one for each slot.
  func start(count: Int) throws {
    let now = Clocks.now()
    for slot in 0..<min(count, slots.count) { ask(slot, now) }
    try flush()
  }

  /// Says goodbye; the socket is closed later.
  func disconnect() {
    var bytes: [UInt8] = []
    bytes.append(bigEndian: NBD.requestMagic)
    bytes.append(bigEndian: UInt32(2))
    bytes += [UInt8](repeating: 0, count: 20)
    try? socket.send(bytes)
  }

  private func askAgain(_ slot: Int, _ now: Int) {
    idle -= 1
    ask(slot, now)
  }

  private func ask(_ slot: Int, _ now: Int) {
    let offset = offsets.next()
    slots[slot] = Slot(offset: offset, sent: now)
    let room = unsafe UnsafeMutableRawBufferPointer(
      rebasing: outgoing[outgoingCount..<outgoingCount + 28]
    )
    unsafe room.store(bigEndian: NBD.requestMagic, at: 0)
    unsafe room.store(bigEndian: UInt16(0), at: 4)
    unsafe room.store(bigEndian: UInt16(plan.request == .read ? 0 : 7), at: 6)
    unsafe room.store(bigEndian: UInt64(slot), at: 8)
    unsafe room.store(bigEndian: UInt64(offset), at: 16)
    unsafe room.store(bigEndian: UInt32(plan.requestSize), at: 24)
    outgoingCount += 28
  }

  private func flush() throws {
    guard outgoingCount > 0 else { return }
    try unsafe socket.send(UnsafeRawBufferPointer(rebasing: outgoing[..<outgoingCount]))
    outgoingCount = 0
  }

  /// Receives once, and takes all replies that are complete.
  ///
  /// - Parameters:
  ///   - result: Counts replies.
  ///   - mayAsk: Says, for each reply, whether another request is to be made.
  /// - Returns: The number of requests that were answered.
  /// - Throws: ``LoadFailure``
  func turn(_ result: inout LoadResult, mayAsk: () -> Bool) throws -> Int {
    let room = unsafe UnsafeMutableRawBufferPointer(rebasing: incoming[incomingCount...])
    // Where instructions are counted, how the client's time passes must not matter.
    incomingCount +=
      plan.idleProcess == nil && !plan.sleeps
      ? try unsafe socket.receiveAwake(into: room) : try unsafe socket.receive(into: room)
    let now = Clocks.now()
    var position = 0
    var answered = 0
    while true {
      if payloadLeft > 0 {
        let count = min(payloadLeft, incomingCount - position)
        if let reference, payloadOffset >= 0 {
          try unsafe reference.check(
            UnsafeRawBufferPointer(rebasing: incoming[position..<position + count]),
            at: payloadOffset
          )
          payloadOffset += count
          result.bytesCompared += count
        }
        position += count
        payloadLeft -= count
        if payloadLeft > 0 { break }
      }
      if endsRequest {
        endsRequest = false
        let done = slots[slot]
        guard plan.request != .read || done.covered == plan.requestSize else {
          throw LoadFailure.protocolViolation("covers \(done.covered) bytes of a read")
        }
        result.latencies.add(now - done.sent)
        answered += 1
        idle += 1
        if plan.idleProcess == nil {
          if mayAsk() { askAgain(slot, now) }
        } else if let process = plan.idleProcess, idle == slots.count {
          Threads.waitUntilAllSleep(of: process)
          for slot in slots.indices where mayAsk() { askAgain(slot, now) }
        }
      }
      let taken = try unsafe header(
        UnsafeRawBufferPointer(rebasing: incoming[position..<incomingCount])
      )
      if taken == 0 { break }
      position += taken
    }
    result.bytesCompared += comparedZeros
    comparedZeros = 0
    unsafe incoming.moveToStart(position..<incomingCount)
    incomingCount -= position
    try flush()
    return answered
  }

  /// Takes a header, if it is there in full; returns how many bytes it has.
  private func header(_ bytes: UnsafeRawBufferPointer) throws -> Int {
    guard bytes.count >= 16 else { return 0 }
    let magic = unsafe bytes.bigEndian(at: 0, as: UInt32.self)
    let cookie = unsafe bytes.bigEndian(at: 8, as: UInt64.self)
    guard cookie < slots.count else { throw LoadFailure.protocolViolation("invents a cookie") }
    if magic == NBD.simpleReplyMagic {
      let error = unsafe bytes.bigEndian(at: 4, as: UInt32.self)
      guard error == 0 else { throw LoadFailure.replied(error) }
      slot = Int(cookie)
      payloadLeft = plan.requestSize
      payloadOffset = slots[slot].offset
      slots[slot].covered = plan.requestSize
      endsRequest = true
      return 16
    }
    guard magic == NBD.structuredReplyMagic else {
      throw LoadFailure.protocolViolation("sends no reply where one is due")
    }
    guard bytes.count >= 20 else { return 0 }
    let flags = unsafe bytes.bigEndian(at: 4, as: UInt16.self)
    let type = unsafe bytes.bigEndian(at: 6, as: UInt16.self)
    let count = Int(unsafe bytes.bigEndian(at: 16, as: UInt32.self))
    let (prefix, taken) = try unsafe chunk(type, count, bytes, Int(cookie))
    guard taken > 0 else { return 0 }
    guard count >= prefix else { throw LoadFailure.protocolViolation("sends a chunk too short") }
    slot = Int(cookie)
    payloadLeft = count - prefix
    endsRequest = flags & 1 != 0
    return taken
  }

  /// Takes what follows a structured header: how much of the payload that is, and of the
  /// whole chunk.
  private func chunk(
    _ type: UInt16,
    _ count: Int,
    _ bytes: UnsafeRawBufferPointer,
    _ slot: Int
  ) throws -> (prefix: Int, taken: Int) {
    switch type {
    case 0, 5:
      payloadOffset = -1
      return (0, 20)
    case 1:
      guard bytes.count >= 28 else { return (0, 0) }
      payloadOffset = Int(unsafe bytes.bigEndian(at: 20, as: UInt64.self))
      slots[slot].covered += count - 8
      return (8, 28)
    case 2:
      guard bytes.count >= 32 else { return (0, 0) }
      let offset = Int(unsafe bytes.bigEndian(at: 20, as: UInt64.self))
      let size = Int(unsafe bytes.bigEndian(at: 28, as: UInt32.self))
      if let reference {
        try reference.checkZeros(offset..<offset + size)
        comparedZeros += size
      }
      slots[slot].covered += size
      return (12, 32)
    default:
      throw LoadFailure.replied(
        bytes.count >= 24 ? unsafe bytes.bigEndian(at: 20, as: UInt32.self) : 0
      )
    }
  }
}
