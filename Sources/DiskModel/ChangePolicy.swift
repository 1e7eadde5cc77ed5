/// What becomes of a host file that is not any more what it was when the disk was
/// built.
package enum ChangePolicy: String, CaseIterable, Sendable {
  /// It cannot be read: never are there other bytes than it had.
  case error

  /// It is read as it is, with zeros where it became shorter; what is gone or no
  /// regular file cannot be read.
  case serve
}
