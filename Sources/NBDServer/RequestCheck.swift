import DiskModel
import NBDProtocol

/// What a request asks of a read-only disk, once it was found to make sense.
enum CheckedRequest {
  case read(Range<Int>, isSplittable: Bool)
  case blockStatus(Range<Int>, isOneEnough: Bool)
  /// There is nothing to do: the request succeeds.
  case nothing
  case disconnect
  case refused(ErrorNumber, StaticString)
}

extension Responder {
  /// Checks a request against the disk and what was agreed on.
  func check(_ request: Request) -> CheckedRequest {
    switch request.command {
    case .write, .trim, .writeZeroes:
      return .refused(.notPermitted, "the export is read-only")
    case .disconnect:
      return .disconnect
    case .flush:
      return isAllowed(request.flags, []) ? .nothing : Self.wrongFlags
    case .cache:
      guard isAllowed(request.flags, []) else { return Self.wrongFlags }
      return range(of: request) == nil ? Self.outside : .nothing
    case .read:
      let allowed: CommandFlags = usesStructuredReplies ? .dontFragment : []
      guard isAllowed(request.flags, allowed) else { return Self.wrongFlags }
      guard let range = range(of: request) else { return Self.outside }
      let isSplittable = usesStructuredReplies && !request.flags.contains(.dontFragment)
      guard isSplittable || range.count <= BlockSizes.maximumPayload else {
        if usesStructuredReplies { return .refused(.overflow, "too long to be sent unfragmented") }
        return .refused(.invalid, "longer than the maximum payload")
      }
      return .read(range, isSplittable: isSplittable)
    case .blockStatus:
      guard !contexts.isEmpty else { return .refused(.invalid, "no meta context was selected") }
      guard isAllowed(request.flags, .requestOne) else { return Self.wrongFlags }
      guard let range = range(of: request) else { return Self.outside }
      return .blockStatus(range, isOneEnough: request.flags.contains(.requestOne))
    default:
      return .refused(.invalid, "the command is not known")
    }
  }

  /// FUA is offered, and so is allowed with every command.
  private func isAllowed(_ flags: CommandFlags, _ allowed: CommandFlags) -> Bool {
    allowed.union(.forceUnitAccess).isSuperset(of: flags)
  }

  private static let wrongFlags =
    CheckedRequest.refused(.invalid, "a flag is not known, or not for this command")

  private static let outside =
    CheckedRequest.refused(.invalid, "the range is empty, or not inside the export")

  /// The bytes that a request is about; `nil` if there are none, or if they
  /// are not all on the disk.
  private func range(of request: Request) -> Range<Int>? {
    guard request.length > 0, let offset = Int(exactly: request.offset) else { return nil }
    let (end, overflow) = offset.addingReportingOverflow(Int(request.length))
    guard !overflow, end <= disk.size else { return nil }
    return offset..<end
  }
}
