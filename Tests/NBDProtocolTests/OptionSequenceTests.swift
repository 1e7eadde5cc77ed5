import NBDProtocol
import Testing

/// What is to be expected of a negotiation, told a second time.
private struct ExpectedState {
  var tls: TLSMode
  var isEncrypted = false
  var form = ReplyForm.simple
  /// The export name for which block status was selected.
  var selected: String?

  /// Whether options get nothing but the advice to start TLS.
  var isForbidding: Bool { tls == .required && !isEncrypted }
}

/// What an option leads to: types of replies, errors as negative numbers, or
/// the end of the phase.
private enum Expected: Equatable {
  case types([Int])
  /// An acknowledgement, and then TLS.
  case encryption
  case transmission(String)
  case end

  /// Whether further options may follow.
  var isGoingOn: Bool {
    switch self {
    case .types, .encryption: true
    case .transmission, .end: false
    }
  }
}

/// An option with its data, and what it does.
private struct Variant: CustomStringConvertible, Sendable {
  var description: String
  var code: UInt32
  var data: [UInt8] = []
  var effect: @Sendable (inout ExpectedState) -> Expected

  init(
    _ description: String,
    _ code: UInt32,
    _ data: [UInt8] = [],
    _ effect: @escaping @Sendable (inout ExpectedState) -> Expected
  ) {
    self.description = description
    self.code = code
    self.data = data
    self.effect = effect
  }

  /// An option that changes nothing.
  init(_ description: String, _ code: UInt32, _ data: [UInt8] = [], types: Int...) {
    self.init(description, code, data) { _ in .types(types) }
  }

  private static func setting(_ name: String, _ queries: [String], _ types: Int...) -> Variant {
    Variant("SET \(name) \(queries)", 10, contextRequest(name, queries)) { state in
      state.selected = nil
      guard state.form != .simple else { return .types([-3]) }
      if types == [4, 1] { state.selected = name }
      return .types(types)
    }
  }

  /// What has to come of it, and the state that it leaves.
  func expectation(_ state: inout ExpectedState) -> Expected {
    switch code {
    case 2, 5: return effect(&state)
    case 1 where state.isForbidding: return .end
    case _ where state.isForbidding: return .types([-5])
    default: return effect(&state)
    }
  }

  static let all: [Variant] = [
    Variant("STRUCTURED_REPLY", 8) {
      guard $0.form != .extended else { return .types([-10]) }
      $0.form = .structured
      return .types([1])
    },
    Variant("STRUCTURED_REPLY with data", 8, [0], types: -3),
    Variant("LIST", 3, types: 2, 2, 1),
    Variant("LIST with data", 3, [0], types: -3),
    Variant("INFO", 6, exportRequest("", [1, 2, 3]), types: 3, 3, 3, 3, 1),
    Variant("INFO of an unknown export", 6, exportRequest("third"), types: -6),
    Variant("INFO malformed", 6, [0, 0, 0, 1], types: -3),
    Variant("GO", 7, exportRequest("", [3])) { _ in .transmission("") },
    Variant("GO second", 7, exportRequest("second")) { _ in .transmission("second") },
    Variant("GO to an unknown export", 7, exportRequest("third"), types: -6),
    Variant("GO malformed", 7, exportRequest("first") + [0], types: -3),
    setting("", ["base:allocation"], 4, 1),
    setting("second", ["base:allocation", "x:y"], 4, 1),
    setting("second", [], 1),
    setting("third", ["base:allocation"], -6),
    Variant("SET malformed", 10, [0, 0, 0, 0]) {
      $0.selected = nil
      return .types([-3])
    },
    Variant("LIST_META_CONTEXT", 9, contextRequest("second", ["base:"]), types: 4, 1),
    Variant("LIST_META_CONTEXT malformed", 9, contextRequest("") + [1], types: -3),
    Variant("STARTTLS", 5) { state in
      guard state.tls != .off else { return .types([-1]) }
      guard !state.isEncrypted else { return .types([-3]) }
      state = ExpectedState(tls: state.tls, isEncrypted: true)
      return .encryption
    },
    Variant("STARTTLS with data", 5, [1], types: -3),
    Variant("EXTENDED_HEADERS", 11) {
      $0.form = .extended
      return .types([1])
    },
    Variant("EXTENDED_HEADERS with data", 11, [0], types: -3),
    Variant("an unknown option", .max, [1, 2, 3], types: -1),
    Variant("ABORT", 2) { _ in .end },
    Variant("EXPORT_NAME", 1) { $0.form == .extended ? .end : .transmission("") },
    Variant("EXPORT_NAME second", 1, wire(.text("second"))) {
      $0.form == .extended ? .end : .transmission("second")
    },
    Variant("EXPORT_NAME of an unknown export", 1, wire(.text("third"))) { _ in .end },
  ]
}

struct OptionSequenceTests {
  @Test(
    "O1, O8, O10, M6, M8, T1-T7: all sequences of up to three options do what they should",
    arguments: TLSMode.allCases
  )
  func allSequences(tls: TLSMode) {
    var count = 0
    walk(NegotiationPeer(tls: tls), ExpectedState(tls: tls), [], &count)
    #expect(count == Self.sequenceCount(ExpectedState(tls: tls), length: 3))
  }

  /// How many sequences of up to `length` options there are.
  private static func sequenceCount(_ state: ExpectedState, length: Int) -> Int {
    guard length > 0 else { return 0 }
    return Variant.all.reduce(0) { count, variant in
      var next = state
      let isGoingOn = variant.expectation(&next).isGoingOn
      // What else is in the state does not tell which options end the phase.
      let rest = ExpectedState(tls: next.tls, isEncrypted: next.isEncrypted)
      return count + 1 + (isGoingOn ? sequenceCount(rest, length: length - 1) : 0)
    }
  }

  /// Tries every option, and after those that leave the client negotiating
  /// every further one.
  private func walk(
    _ peer: NegotiationPeer,
    _ state: ExpectedState,
    _ path: [Variant],
    _ count: inout Int
  ) {
    for variant in Variant.all {
      var (peer, state) = (peer, state)
      let path = path + [variant]
      let expected = variant.expectation(&state)
      let outcome = peer.option(variant.code, variant.data)
      let isRight = check(outcome, expected, state, variant)
      if !isRight { Issue.record("\(path): \(outcome), not \(expected)") }
      count += 1
      if expected.isGoingOn, path.count < 3 { walk(peer, state, path, &count) }
    }
  }

  private func check(
    _ outcome: Outcome,
    _ expected: Expected,
    _ state: ExpectedState,
    _ variant: Variant
  ) -> Bool {
    switch expected {
    case .types(let types):
      return outcome.types == types && outcome.replies.allSatisfy { $0.option == variant.code }
    case .encryption:
      guard case .encryption = outcome else { return false }
      return outcome.types == [1] && outcome.replies.map(\.option) == [5]
    case .transmission(let name):
      guard let agreement = outcome.agreement else { return false }
      return agreement.export.name == Array((name.isEmpty ? "first" : name).utf8)
        && agreement.form == state.form
        && agreement.contexts == (state.selected == name ? [.allocation] : [])
    case .end:
      guard case .end(let bytes) = outcome else { return false }
      return SeenReply.parse(bytes)?.map(\.type) == (variant.code == 2 ? [1] : [])
    }
  }
}
