import DiskModel
import Foundation
import TestSupport
import Testing

@testable import FileTree

/// Archives with faults: they may be opened or not, and nothing worse.
@Suite(.timeLimit(.minutes(30))) struct ArchiveFuzzTests {
  private static let count = 3000

  /// An archive with everything in it.
  private static func seed() -> [UInt8] {
    var builder = TarBuilder()
    let gnu = "ustar  \u{0}"
    builder.addRecords([("comment", "x"), ("mtime", "12.5")], type: "g")
    builder.add("./", type: "5")
    builder.add("a/file", content: Array("content".utf8))
    builder.add("a/hard", type: "1", link: "a/file")
    builder.add("link", type: "2", link: "a")
    builder.add("link/through", content: [1, 2, 3])
    builder.add("null", type: "3")
    builder.addRecords([
      ("path", "some/long/path"), ("size", "5"), ("uid", "123456"), ("SCHILY.xattr.user.x", "y"),
      ("LIBARCHIVE.xattr.user.z", "AAEC"), ("mtime", "-3.75"),
      ("SCHILY.acl.access", "user::rw-,user:u:r--:1000,group::r--,mask::r--,other::---"),
    ])
    builder.add("short", content: Array("12345".utf8))
    builder.add("longlink", type: "L", content: Array("a/name\u{0}".utf8), magic: gnu)
    builder.add("old sparse", type: "S", content: [UInt8](repeating: 7, count: 512), magic: gnu) {
      for (index, text) in ["00000010000", "00000001000"].enumerated() {
        for (place, byte) in text.utf8.enumerated() { $0[386 + 12 * index + place] = byte }
      }
      for (place, byte) in "00000020000".utf8.enumerated() { $0[483 + place] = byte }
    }
    builder.addRecords([
      ("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "sparse"),
      ("GNU.sparse.realsize", "100000"),
    ])
    let map = Array("2\n0\n512\n65536\n100\n".utf8)
    let padded = map + [UInt8](repeating: 0, count: 512 - map.count)
    builder.add("GNUSparseFile/sparse", content: padded + [UInt8](repeating: 9, count: 612))
    builder.addRecords([("GNU.sparse.size", "9000"), ("GNU.sparse.map", "0,10,8000,10")])
    builder.add("sparse01", content: [UInt8](repeating: 9, count: 20))
    return builder.finished
  }

  /// Changes some of the bytes, or where there are how many.
  private static func mutated(
    _ bytes: [UInt8],
    keepsChecksums: Bool,
    _ generator: inout SeededGenerator
  ) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
      guard !bytes.isEmpty else { return bytes }
      let place = Int.random(in: 0..<bytes.count, using: &generator)
      switch Int.random(in: 0..<6, using: &generator) {
      case 0: bytes.removeLast(bytes.count - place)
      case 1: bytes.removeSubrange(place..<min(place + 512, bytes.count))
      case 2: bytes[place] = UInt8.random(in: 0...255, using: &generator)
      case 3: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &generator)
      case 4: bytes[place] = UInt8(ascii: "7")
      default:
        let end = min(place + Int.random(in: 1...20, using: &generator), bytes.count)
        for index in place..<end {
          bytes[index] = bytes[Int.random(in: 0..<bytes.count, using: &generator)]
        }
      }
    }
    return keepsChecksums ? withRightChecksums(bytes) : bytes
  }

  @Test("Mutated tar archives") func tar() throws {
    let seed = Self.seed()
    checkStrangersArchive(seed)
    #expect(try ArchiveOpener().tar(seed).found.members.count == 10)
    for number in 0..<Self.count {
      var generator = SeededGenerator(seed: UInt64(number))
      let isMended = number % 4 != 0
      checkStrangersArchive(Self.mutated(seed, keepsChecksums: isMended, &generator))
    }
  }

  @Test("Mutated gzip files") func gzip() throws {
    let seed = try Program("gzip").succeed(["-nc"], input: Self.seed() + Self.seed()).output
    checkStrangersArchive(seed)
    for number in 0..<Self.count {
      var generator = SeededGenerator(seed: UInt64(number))
      checkStrangersArchive(Self.mutated(seed, keepsChecksums: false, &generator))
    }
  }

  @Test("Mutated documents of images") func images() throws {
    let seed =
      Array(
        #"{"manifests":[{"mediaType":"a","digest":"sha256:0","size":12,"annotations":{"x":"y\u00e4"},"#
          .utf8
      ) + Array(#""platform":{"os":"linux","architecture":"amd64"}}, null, -1.5e3, true]}"#.utf8)
    #expect((try? JSONValue(seed)) != nil)
    for number in 0..<Self.count {
      var generator = SeededGenerator(seed: UInt64(number))
      let bytes = Self.mutated(seed, keepsChecksums: false, &generator)
      if let value = try? JSONValue(bytes) {
        _ = try? ImageDocument(value, name: "test").manifests()
      }
    }
    #expect((try? JSONValue([UInt8](repeating: UInt8(ascii: "["), count: 1 << 20))) == nil)
  }

  @Test("An archive that claims much costs little") func claims() {
    var builder = TarBuilder()
    builder.addRecords([
      ("GNU.sparse.size", "9223372036854775807"), ("GNU.sparse.map", "0,9223372036854775807"),
    ])
    builder.add("a")
    checkStrangersArchive(builder.finished)
    builder = TarBuilder()
    builder.addRecords([("size", "4611686018427387904")])
    builder.add("a")
    checkStrangersArchive(builder.finished)
    builder = TarBuilder()
    builder.add("a", type: "x", size: 0o77777777777)
    checkStrangersArchive(builder.finished)
    builder = TarBuilder()
    builder.addRecords([
      ("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.realsize", "9"),
    ])
    builder.add("a", content: Array("4611686018427387903\n".utf8))
    checkStrangersArchive(builder.finished)
  }
}
