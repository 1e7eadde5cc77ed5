import DiskModel

extension Segment.Role {
  /// What programs know it by.
  var name: String {
    switch self {
    case .content: "content"
    case .metadata: "metadata"
    case .fileData: "data"
    case .free: "free"
    case .slack: "slack"
    }
  }
}
