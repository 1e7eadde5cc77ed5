import GeneratorKit
import NBDServer

/// The option `--limit NAME=VALUE`.
enum LimitOption: String, CaseIterable {
  case connections
  case connectionsPerAddress = "connections-per-address"
  case negotiationTime = "negotiation-time"
  case negotiationIdleTime = "negotiation-idle-time"
  case options
  case optionSize = "option-size"
  case inFlight = "in-flight"
  case requestSize = "request-size"
  case bufferMemory = "buffer-memory"
  case busyPoll = "busy-poll"

  /// All names, for people.
  static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

  /// The limits that the options ask for.
  ///
  /// - Throws: ``UserError`` that names the option.
  static func limits(_ options: [String]) throws -> ServerLimits {
    var limits = ServerLimits()
    for option in options {
      guard let equals = option.firstIndex(of: "=") else {
        throw UserError(usage: "--limit \(option): not of the form name=value")
      }
      let name = String(option[..<equals])
      guard let limit = LimitOption(rawValue: name) else {
        let known = allCases.map(\.rawValue)
        let advice =
          closestMatch(to: name, among: known).map { "did you mean \($0)?" } ?? "there is \(names)"
        throw UserError(usage: "--limit \(option): there is no such limit; \(advice)")
      }
      let text = option[option.index(after: equals)...]
      guard let value = Size.parse(text), limit.range.contains(value) else {
        let (low, high) = (limit.range.lowerBound, limit.range.upperBound)
        throw UserError(usage: "--limit \(option): not a number from \(low) to \(high)")
      }
      limit.set(value, in: &limits)
    }
    return limits
  }

  /// What makes sense: a server that serves nobody does not, nor one that cannot
  /// keep its promises.
  private var range: ClosedRange<Int> {
    switch self {
    case .connections, .connectionsPerAddress, .options: 1...1_000_000
    case .negotiationTime, .negotiationIdleTime: 1...86_400
    // A name of 4,096 bytes, and what is around it.
    case .optionSize: 8192...1 << 26
    case .inFlight, .bufferMemory: 1 << 16...1 << 40
    // The specification's least maximum payload.
    case .requestSize: 1 << 25...Int(UInt32.max)
    // Microseconds; whoever shares an event loop waits that long.
    case .busyPoll: 0...1000
    }
  }

  private func set(_ value: Int, in limits: inout ServerLimits) {
    switch self {
    case .connections: limits.connections = value
    case .connectionsPerAddress: limits.connectionsPerAddress = value
    case .negotiationTime: limits.negotiationTime = .seconds(value)
    case .negotiationIdleTime: limits.negotiationIdleTime = .seconds(value)
    case .options: limits.options = value
    case .optionSize: limits.optionSize = value
    case .inFlight: limits.inFlightSize = value
    case .requestSize: limits.requestSize = value
    case .bufferMemory: limits.bufferSize = value
    case .busyPoll: limits.busyPollTime = .microseconds(value)
    }
  }
}
