import Foundation
import TestSupport

/// One of the clients: what it does follows from the seed and its number.
final class SoakClient {
  let number: Int
  let crowd: SoakCrowd
  var random: SeededGenerator

  /// What it is doing, for the message of a failure.
  var step = ""

  /// The disk of the current act.
  private(set) var disk: SoakDisk

  private(set) var actCount = 0
  private var byteCount = 0

  init(_ number: Int, of crowd: SoakCrowd) {
    self.number = number
    self.crowd = crowd
    random = SeededGenerator(seed: crowd.seed &+ UInt64(number) &* 1_000_003)
    disk = crowd.disks[0]
  }

  /// What a client does from one connection to the next.
  enum Act: CaseIterable {
    /// Behaves: reads, asks for block status, and is refused what it may not do.
    case converse
    /// Reads 8 MiB and more, several times at once.
    case readMuch
    /// Asks for much, and reads the replies after a while.
    case pause
    /// Sends its requests, then no more, and reads the replies.
    case halfClose
    /// Sends a byte or a few at a time.
    case sendSlowly
    /// Chooses and asks about exports in all ways.
    case negotiate
    /// Enters transmission in the old way.
    case enterByName
    /// Floods with options, and may not read the replies.
    case flood
    /// Is gone after any byte of what it wanted to say.
    case vanish
    /// Says what has no meaning, in any phase.
    case talkNonsense
    /// Asks for much, and leaves without having read it.
    case readNothing
    /// Comes and goes.
    case visit
  }

  func nextAct() -> Act {
    actCount += 1
    disk = crowd.disks.randomElement(using: &random) ?? disk
    // As often as all others together.
    if chance(2) { return .converse }
    return Act.allCases.randomElement(using: &random) ?? .visit
  }

  func perform(_ act: Act) throws {
    step = "connecting"
    switch act {
    case .converse: try converse()
    case .readMuch: try readMuch()
    case .pause: try pause()
    case .halfClose: try halfClose()
    case .sendSlowly: try sendSlowly()
    case .negotiate: try negotiate()
    case .enterByName: try enterByName()
    case .flood: try flood()
    case .vanish: try vanish()
    case .talkNonsense: try talkNonsense()
    case .readNothing: try readNothing()
    case .visit: try visit()
    }
  }

  /// True once in `count` times.
  func chance(_ count: Int) -> Bool { Int.random(in: 0..<count, using: &random) == 0 }

  func rest(upTo seconds: Double) {
    usleep(UInt32(Double.random(in: 0..<seconds, using: &random) * 1_000_000))
  }

  func takeByteCount() -> Int {
    defer { byteCount = 0 }
    return byteCount
  }

  /// Nothing else is waited for as long as this: the host may be busy.
  static let patience = 120.0

  /// A client that has exchanged flags.
  func negotiating() throws -> NBDTestClient {
    try .negotiating(disk.endpoint, timeout: Self.patience)
  }

  /// A client in transmission, with any kind of replies.
  func connect() throws -> NBDTestClient {
    let client = try negotiating()
    switch Int.random(in: 0..<5, using: &random) {
    case 0: break
    case 1, 2: try client.negotiateStructuredReplies()
    default: try client.negotiateExtendedHeaders()
    }
    if client.hasStructuredReplies {
      try client.setMetaContexts(["base:allocation"] + (chance(2) ? ["nbdgen:segment"] : []))
    }
    step = "entering transmission"
    let info = try client.go()
    guard info.size == UInt64(disk.bytes.count) else { throw Surprise("size \(info.size)") }
    return client
  }

  /// Checks what a request got, all of it.
  func check(_ result: NBDTestClient.RequestResult, _ client: NBDTestClient) throws {
    let request = result.request
    func surprise(_ what: String) -> Surprise {
      let place = "\(request.effectLength) at \(request.offset)"
      return Surprise("command \(request.type), flags \(request.flags), \(place): \(what)")
    }
    let wanted = expectedError(of: request)
    guard result.error?.code == wanted else {
      throw surprise("error \(result.error?.code ?? 0), not \(wanted ?? 0)")
    }
    guard wanted == nil else { return }
    if request.type == NBD.Command.read {
      guard disk.holds(result.bytes, at: request.offset) else { throw surprise("wrong bytes") }
      byteCount += result.bytes.count
    }
    for (number, extents) in result.extents where client.contexts[number] == "base:allocation" {
      var start = request.offset
      for extent in extents {
        let range = start..<start + extent.length
        start = range.upperBound
        guard disk.isMapped(range, extent.flags) else { throw surprise("status of \(range)") }
      }
    }
  }

  /// What should be refused, and how.
  private func expectedError(of request: NBDTestClient.Request) -> UInt32? {
    let size = UInt64(disk.bytes.count)
    switch request.type {
    case NBD.Command.write, NBD.Command.trim, NBD.Command.writeZeroes:
      return NBD.ErrorNumber.eperm
    case NBD.Command.flush:
      return nil
    case NBD.Command.read, NBD.Command.cache, NBD.Command.blockStatus:
      let length = request.effectLength
      let isInside = request.offset <= size && length <= size - request.offset
      return length > 0 && isInside ? nil : NBD.ErrorNumber.einval
    default:
      return NBD.ErrorNumber.einval
    }
  }
}

/// The server did something else than it should.
struct Surprise: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
