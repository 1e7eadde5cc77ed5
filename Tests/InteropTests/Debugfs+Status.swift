import Foundation
import TestSupport

/// What `debugfs stat` says of an inode.
struct InodeStatus: Equatable {
  var type: String
  var permissions: UInt32
  var user: UInt32
  var group: UInt32
  var linkCount: Int
  var size: Int
  var seconds: Int
  var nanoseconds: Int
  var specialMajor: UInt32
  var specialMinor: UInt32
}

extension Debugfs {
  /// What there is to know of inodes.
  func status(of inodes: [Int]) throws -> [Int: InodeStatus] {
    let outputs = try run(inodes.map { "stat <\($0)>" })
    var found: [Int: InodeStatus] = [:]
    for (inode, output) in zip(inodes, outputs) {
      // What follows are block numbers.
      found[inode] = try InodeStatus(String(decoding: output.prefix(1200), as: UTF8.self))
    }
    return found
  }
}

extension InodeStatus {
  /// Reads what `debugfs` prints.
  init(_ text: String) throws {
    func words(after mark: String) throws -> [Substring] {
      guard let found = text.range(of: mark) else {
        throw ToolFailure("debugfs stat: no \(mark) in \(text)")
      }
      let line = text[found.upperBound...].prefix { $0 != "\n" }
      return line.split(separator: " ")
    }
    func number(after mark: String) throws -> Int {
      guard let word = try words(after: mark).first, let number = Int(word) else {
        throw ToolFailure("debugfs stat: no number after \(mark) in \(text)")
      }
      return number
    }
    type = try words(after: "Type: ").prefix { $0 != "Mode:" }.joined(separator: " ")
    permissions = UInt32(try words(after: "Mode: ").first ?? "", radix: 8) ?? .max
    user = UInt32(truncatingIfNeeded: try number(after: "User: "))
    group = UInt32(truncatingIfNeeded: try number(after: "Group: "))
    linkCount = try number(after: "Links: ")
    size = try number(after: "Size: ")

    // 32 bits of seconds, signed; nanoseconds, and two bits that count up.
    let time = try words(after: "mtime: 0x").first?.split(separator: ":") ?? []
    guard time.count == 2, let low = UInt32(time[0], radix: 16),
      let extra = UInt32(time[1], radix: 16)
    else { throw ToolFailure("debugfs stat: no mtime in \(text)") }
    seconds = Int(Int32(bitPattern: low)) + Int(extra & 3) << 32
    nanoseconds = Int(extra >> 2)

    (specialMajor, specialMinor) = (0, 0)
    guard type.hasSuffix("special") else { return }
    let device = try words(after: "Device major/minor number: ").first?.split(separator: ":") ?? []
    guard device.count == 2, let major = UInt32(device[0]), let minor = UInt32(device[1]) else {
      throw ToolFailure("debugfs stat: no device number in \(text)")
    }
    (specialMajor, specialMinor) = (major, minor)
  }

  /// What `debugfs stat` should say of a file of the host, in which there are
  /// so many directories if it is one.
  init(_ facts: FileFacts, subdirectoryCount: Int) {
    type =
      switch facts.type {
      case 0o010000: "FIFO"
      case 0o020000: "character special"
      case 0o040000: "directory"
      case 0o060000: "block special"
      case 0o100000: "regular"
      case 0o120000: "symlink"
      case 0o140000: "socket"
      default: "unknown"
      }
    permissions = facts.mode & 0o7777
    (user, group) = (facts.user, facts.group)
    linkCount = facts.isDirectory ? 2 + subdirectoryCount : facts.linkCount
    size = facts.isRegular || facts.isSymbolicLink ? facts.size : 0
    (seconds, nanoseconds) = (facts.seconds, facts.nanoseconds)
    (specialMajor, specialMinor) = (facts.specialMajor, facts.specialMinor)
  }
}
