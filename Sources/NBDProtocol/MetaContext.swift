/// A vocabulary of block status.
public enum MetaContext: CaseIterable, Sendable {
  /// `base:allocation`: what is a hole, and what reads as zeros.
  case allocation

  /// `nbdgen:segment`: what the bytes are for. The namespace is our own.
  case segment

  /// Its name on the wire.
  public var name: String { "\(namespace):\(leaf)" }

  private var namespace: String {
    switch self {
    case .allocation: "base"
    case .segment: "nbdgen"
    }
  }

  private var leaf: String {
    switch self {
    case .allocation: "allocation"
    case .segment: "segment"
    }
  }

  /// What tells its chunks from others' while it is selected.
  public var identifier: UInt32 {
    switch self {
    case .allocation: 1
    case .segment: 2
    }
  }

  /// Whether a listing query asks for it: by its name, or by its namespace.
  func isListed(by query: [UInt8]) -> Bool {
    query == Array("\(namespace):".utf8) || isSelected(by: query)
  }

  /// Whether a selecting query asks for it: by its name only.
  func isSelected(by query: [UInt8]) -> Bool { query == Array(name.utf8) }
}
