import DiskModel
import NBDProtocol
import NIOCore

/// What has arrived on a connection, and what is about to leave.
///
/// One value, so that a run of short reads is one access to it. The runtime checks each
/// access to a part of an object; with one part for each of these, that was a fifteenth of
/// what a read costs.
struct Exchange: ~Copyable {
  var inbox: Inbox
  var outbox: Outbox

  /// How reads are done that are answered at once.
  var manner = ReadManner(mayWait: false)

  /// Whether reads are expected to be in the host's memory.
  var outlook = StorageOutlook()

  /// Whether the host is asked for what may not be in its memory.
  var asksHost: Bool {
    get { manner.checks.mayAskHost }
    set { manner.checks.mayAskHost = newValue }
  }

  /// Replies in the outbox that go out only if the checks pass.
  var unchecked: [UncheckedReply] = []

  init(_ inbox: Inbox, _ outbox: Outbox) {
    self.inbox = inbox
    self.outbox = outbox
  }

  /// A read.
  struct Read {
    var range: Range<Int>
    var address: ReplyAddress
    var isSplittable: Bool
  }

  /// What became of a read.
  enum Outcome {
    case answered
    /// Storage has to be waited for; unless the host was asked, that is only expected.
    case takesWaiting(hostWasAsked: Bool)
    case failed(ReadFailure)
  }

  /// Answers the requests that come next, as long as they are short reads.
  ///
  /// - Parameters:
  ///   - responder: Composes the replies.
  ///   - tally: Counts.
  ///   - limit: Most requests to answer.
  /// - Returns: How many were answered, and the read that was not, if that is the reason to
  ///   stop; it was taken.
  mutating func answerReads(
    _ responder: Responder,
    _ tally: LiveTally,
    limit: Int
  ) -> (count: Int, other: (read: Read, outcome: Outcome)?) {
    var count = 0
    while count < limit, outbox.count < ConnectionLimits.batchSize,
      let request = inbox.upcomingRequest, request.command == .read,
      case .read(let range, let isSplittable) = responder.check(request),
      range.count < ConnectionLimits.leastInPlace
    {
      inbox.drop()
      if let next = inbox.upcomingRequest { responder.prefetch(next) }
      tally.count(request.command)
      let address = ReplyAddress(request, form: responder.form)
      let read = Read(range: range, address: address, isSplittable: isSplittable)
      let outcome = answer(read, responder, tally)
      guard case .answered = outcome else { return (count, (read, outcome)) }
      count += 1
    }
    return (count, nil)
  }

  /// Answers a read at once, if that takes no waiting.
  @inline(__always)
  mutating func answer(_ read: Read, _ responder: Responder, _ tally: LiveTally) -> Outcome {
    do throws(ReadFailure) {
      let place = try outbox.place(limit: Responder.replyLimit(read.range.count)) {
        output throws(ReadFailure) in
        try responder.appendRead(
          read.range,
          address: read.address,
          isSplittable: read.isSplittable,
          to: &output,
          &manner
        )
      }
      guard let place else { return noteMiss() }
      if manner.checks.isEmpty {
        tally.countRead(read.range.count)
      } else {
        outlook.note(wasThere: true)
        unchecked.append(UncheckedReply(read: read, place: place))
      }
      return .answered
    } catch {
      return .failed(error)
    }
  }

  /// Takes note of a read that takes waiting.
  @inline(never)
  private mutating func noteMiss() -> Outcome {
    if asksHost { outlook.note(wasThere: false) }
    return .takesWaiting(hostWasAsked: asksHost)
  }

  /// Appends to the outbox what can be composed without waiting, and is then checked.
  ///
  /// - Throws: Why it cannot be composed at all.
  mutating func appendAtOnce(
    limit: Int,
    _ compose: (inout OutputRawSpan, inout ReadManner) throws(ReadFailure) -> Bool
  ) throws(ReadFailure) -> Outcome {
    let asksHost = asksHost
    var isFromFiles = false
    let isAnswered = try outbox.append(limit: limit) { output throws(ReadFailure) in
      var manner = ReadManner(mayWait: false)
      manner.checks.mayAskHost = asksHost
      let isAnswered = try compose(&output, &manner)
      isFromFiles = !manner.checks.isEmpty
      if let failure = manner.checks.pass() { throw failure }
      return isAnswered
    }
    guard isAnswered else { return noteMiss() }
    if isFromFiles { outlook.note(wasThere: true) }
    return .answered
  }
}
