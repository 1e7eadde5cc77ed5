import Foundation
import TestSupport
import Testing

/// Trees with little in them but inodes, for which there has to be room without
/// a parameter that asks for it.
@FilesystemThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct ManyFilesTests {
  @Test("50,000 empty files are served without a parameter", arguments: FilesystemType.allCases)
  func manyFiles(_ type: FilesystemType) throws {
    let image = try PartitionImage(of: Self.files.get(), ["type=\(type)"])
    let complaints = try image.complaints()
    #expect(complaints.isEmpty, "\(summary(complaints))")
    #expect(try Self.usedInodes(image) == 50_000 + 100 + 11)
  }

  @Test("5,000 directories are served without a parameter", arguments: FilesystemType.allCases)
  func manyDirectories(_ type: FilesystemType) throws {
    let image = try PartitionImage(of: Self.directories.get(), ["type=\(type)"])
    let complaints = try image.complaints()
    #expect(complaints.isEmpty, "\(summary(complaints))")
    #expect(try Self.usedInodes(image) == 5000 + 11)
  }

  @Test("An empty tree is served", arguments: FilesystemType.allCases)
  func empty(_ type: FilesystemType) throws {
    let directory = try TemporaryDirectory()
    let image = try PartitionImage(of: RawPath(directory.path), ["type=\(type)"])
    let complaints = try image.complaints()
    #expect(complaints.isEmpty, "\(summary(complaints))")
    #expect(try Self.usedInodes(image) == 11)
  }

  /// 100 directories of 500 files.
  private static let files = Result {
    let root = try MemoryDirectory.shared()
    for group in 0..<100 {
      let folder = root / "folder-\(group)"
      try folder.makeDirectory()
      for number in 0..<500 { try (folder / "file-\(number)").write() }
    }
    return root
  }

  /// 5,000 directories in one.
  private static let directories = Result {
    let root = try MemoryDirectory.shared()
    for number in 0..<5000 { try (root / "directory-\(number)").makeDirectory() }
    return root
  }

  private static func usedInodes(_ image: PartitionImage) throws -> Int {
    let fields = try image.superblock()
    guard let all = Int(fields["Inode count"] ?? ""), let free = Int(fields["Free inodes"] ?? "")
    else { throw ToolFailure("no inode count") }
    return all - free
  }
}
