import Foundation
import TestSupport

extension Program {
  /// `e2fsck` of a day after tomorrow.
  ///
  /// An emulated guest on a busy host has a clock that runs ahead, and what it mounted seems
  /// to have been mounted in the future.
  static func e2fsck() throws -> Program {
    let time = Int(Date().timeIntervalSince1970) + 2 * 86_400
    return try Program("e2fsck", environment: ["E2FSCK_TIME": "\(time)"])
  }
}
