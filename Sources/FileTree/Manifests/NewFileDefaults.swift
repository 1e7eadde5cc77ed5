/// What files are like that a manifest makes and says no more of.
package struct NewFileDefaults: Sendable {
  package var user: UInt32
  package var group: UInt32
  /// Permissions that they do not have.
  package var mask: UInt16

  package init(user: UInt32 = 0, group: UInt32 = 0, mask: UInt16 = 0) {
    self.user = user
    self.group = group
    self.mask = mask
  }

  /// The permissions of a file of this kind.
  func permissions(of kind: Node.Kind) -> UInt16 {
    switch kind {
    case .symbolicLink: 0o777
    case .directory: 0o755 & ~mask
    case .regular, .fifo, .socket: 0o644 & ~mask
    case .characterDevice, .blockDevice: 0o600 & ~mask
    }
  }
}
