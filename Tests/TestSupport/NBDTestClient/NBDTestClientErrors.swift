/// The server broke a rule of the protocol.
///
/// The text starts with the rule's ID in the conformance checklist, such as `R4`, and says what was
/// seen.
package struct ProtocolViolation: Error, Equatable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) {
    self.description = description
  }
}

/// The server refused an option, as it may.
package struct OptionRefused: Error, Equatable, CustomStringConvertible {
  package let option: UInt32
  /// The reply type, bit 31 included: `NBD.OptionReplyType`.
  package let code: UInt32
  /// Empty if the server sent none.
  package let message: String

  package var description: String {
    "option \(option) refused with 0x\(String(code, radix: 16)): \(message)"
  }
}

/// The server answered a request with an error, as it may.
package struct RequestFailed: Error, Equatable, CustomStringConvertible {
  /// One of `NBD.ErrorNumber`.
  package let code: UInt32
  /// Empty in simple replies and if the server sent none.
  package let message: String
  /// Where it happened, from an `ERROR_OFFSET` chunk.
  package let offset: UInt64?

  package var description: String {
    let place = offset.map { " at offset \($0)" } ?? ""
    return "request failed with error \(code)\(place): \(message)"
  }
}

/// The connection did not do what was waited for, or the test misused the client.
package enum ConnectionFailure: Error, Equatable {
  /// The peer closed or reset the connection after `received` of `wanted` bytes.
  case closed(received: Int, wanted: Int)
  case timedOut(String)
  /// A system call failed with this `errno`.
  case system(String, Int32)
  case misuse(String)
}

/// Throws a violation unless the claim holds.
func require(_ claim: Bool, _ violation: @autoclosure () -> String) throws {
  guard claim else { throw ProtocolViolation(violation()) }
}

/// Returns the bytes as a protocol string: UTF-8, no NUL, at most 4096 bytes.
func protocolString(_ bytes: some Collection<UInt8>, _ what: String) throws -> String {
  try require(
    bytes.count <= NBD.maximumStringLength,
    "Z1: \(what) of \(bytes.count) bytes; at most 4096 are allowed"
  )
  guard let text = String(validating: bytes, as: UTF8.self) else {
    throw ProtocolViolation("Z2: \(what) is not UTF-8: \(Array(bytes))")
  }
  try require(!bytes.contains(0), "Z2: \(what) contains NUL: \(text.debugDescription)")
  return text
}
