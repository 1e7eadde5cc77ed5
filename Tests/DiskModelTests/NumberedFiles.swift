import DiskModel
import Foundation
import Synchronization
import SystemPackage
import TestSupport

/// Files named by their number, each with bytes of its own.
final class NumberedFiles: HostFileSet {
  let descriptors: DescriptorCache
  let directory: String
  let fileSize: Int
  private let seals: Mutex<[FileSeal]>
  private let opened = Mutex<[Int: Int]>([:])

  /// Called while a file is read, after its bytes are in.
  private let hook = Mutex<(@Sendable (Int) -> Void)?>(nil)

  init(_ count: Int, size: Int = 100, capacity: Int, in directory: TemporaryDirectory) throws {
    descriptors = DescriptorCache(capacity: capacity)
    self.directory = directory.path
    fileSize = size
    var seals: [FileSeal] = []
    for index in 0..<count {
      let path = directory("\(index)")
      try Data(Self.bytes(of: index, size: size)).write(to: URL(fileURLWithPath: path))
      let descriptor = unsafe Foundation.open(path, O_RDONLY | O_CLOEXEC)
      defer { close(descriptor) }
      seals.append(FileSeal(try HostCall.status(of: descriptor)))
    }
    self.seals = Mutex(seals)
  }

  static func bytes(of index: Int, size: Int) -> [UInt8] {
    PatternSource.bytes(index * 1_000_003..<index * 1_000_003 + size)
  }

  /// All of a file, read through a disk.
  func read(_ file: HostFile) throws -> [UInt8] {
    var disk = Disk()
    try disk.append(.source(file, offset: 0), count: fileSize)
    return try disk.bytes(0..<fileSize)
  }

  var openCount: Int { get throws { try openDescriptorCount(below: directory) } }

  /// How often file `index` was opened.
  func opens(of index: Int) -> Int { opened.withLock { $0[index, default: 0] } }

  func onRead(_ body: (@Sendable (Int) -> Void)?) { hook.withLock { $0 = body } }

  func changeSeal(of index: Int, _ change: (inout FileSeal) -> Void) {
    seals.withLock { change(&$0[index]) }
  }

  func size(of index: Int) -> Int { fileSize }

  func seal(of index: Int) -> FileSeal {
    hook.withLock { $0 }?(index)
    return seals.withLock { $0[index] }
  }

  func open(_ index: Int, mayWait: Bool) throws(Errno) -> CInt {
    opened.withLock { $0[index, default: 0] += 1 }
    let descriptor = unsafe Foundation.open(path(of: index), O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Errno(rawValue: errno) }
    return descriptor
  }

  func path(of index: Int) -> String { "\(directory)/\(index)" }
}
