import DiskModel
import TestSupport
import Testing

@testable import FileTree

/// Manifests with random changes never do more than fail.
@Suite("Mutated manifests", .timeLimit(.minutes(30)))
struct ManifestFuzzTests {
  private static let samples = [
    """
    #mtree
    /set type=file uid=0 gid=0 mode=0644 nlink=1 flags=none
    .               type=dir mode=0755 nlink=3 time=1795291802.413056681
        a           nlink=2 size=3 time=1795291802.402226575
        b           type=block time=1795291802.413056681 device=native,8,1
        l\\snk       type=link mode=0777 time=1795291802.402226575 link=a\\sb\\#c
        new\\nline   size=0 uname=root xattr.user.x=0saGVsbG8= xattr.user.y=0xff00
    # ./d
    d               type=dir mode=u=rwx,go=rx nlink=3 \\
                    time=1795291802.417056682
        f           type=fifo absent optional
    ..
    ./d/\\M^?\\377 type=char device=0x501 sha1=00 contents=/dev/null
    /unset all
    ./a absent
    """,
    """
    # name type mode uid gid major minor start inc count
    /dev d 755 0 0 - - - - -
    /dev/tty c 666 0 5 4 0 0 1 40
    /etc/passwd f 644 root root - - - - -
    |xattr cap_net_raw,cap_chown+ep cap_kill=eip
    /var r -1 33 33 - - - - -
    /run/log s 666 0 0 - - - - -
    """,
  ]

  private static let tokens = [
    "\\", "\n", " ", "=", "#", "/", "..", "\t", "\0", ",", ".", "-", "0", "9999999999999999999999",
    "/set ", "/unset ", "type=dir", "type=file", "absent", "|xattr ", "\\\n", "\r\n", "0s", "0x",
    "xattr.", "device=native,", "[", "count", "\u{FF}", "-1", "r",
  ].map { Array($0.utf8) }

  private static func mutate(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
    for _ in 0..<Int.random(in: 1...8, using: &random) {
      let place = Int.random(in: 0...bytes.count, using: &random)
      switch Int.random(in: 0..<5, using: &random) {
      case 0: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
      case 1: if place < bytes.count { bytes[place] = UInt8.random(in: 0...255, using: &random) }
      case 2:
        let end = min(bytes.count, place + Int.random(in: 0...20, using: &random))
        bytes.removeSubrange(place..<end)
      case 3:
        let end = min(bytes.count, place + Int.random(in: 0...60, using: &random))
        let piece = Array(bytes[place..<end])
        bytes.insert(contentsOf: piece, at: Int.random(in: 0...bytes.count, using: &random))
      default: bytes.insert(contentsOf: tokens.randomElement(using: &random) ?? [], at: place)
      }
    }
  }

  /// A tree of a little of everything, without a host.
  private static func draft() -> TreeDraft {
    var draft = TreeDraft()
    for name in ["a", "b", "l nk", "etc", "var", "d"] {
      let isFile = ["a", "b"].contains(name)
      let node = Node(kind: isFile ? .fifo : .directory, permissions: 0o755)
      draft.insert(TreeDraft.File(node), named: Array(name.utf8)[...], in: draft.root)
    }
    return draft
  }

  @Test(arguments: 0..<8 as Range<UInt64>)
  func nothingCrashes(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var failures = 0
    for _ in 0..<500 {
      var bytes = Array(Self.samples[Int(seed % 2)].utf8)
      Self.mutate(&bytes, &random)
      for format in Manifest.Format.allCases {
        var draft = Self.draft()
        var applier = ManifestApplier(
          folder: "",
          NewFileDefaults(),
          DescriptorCache(capacity: 2)
        )
        var reader = try Manifest.reader(of: bytes, format)
        var errors: [ManifestError] = []
        var entryCount = 0
        // A count may have become large.
        while entryCount < 3000, let entry = reader.next(&errors) {
          entryCount += 1
          do throws(ManifestError) {
            try applier.apply(entry, to: &draft)
          } catch {
            errors.append(error)
          }
        }
        let lineCount = bytes.filter { $0 == 10 }.count + 1
        #expect(errors.allSatisfy { 1...lineCount ~= $0.place.line && $0.place.column > 0 })
        failures += errors.isEmpty ? 0 : 1
        let tree = draft.finish()
        #expect(tree.nodes[0].kind == .directory)
      }
      _ = try? Manifest.format(of: bytes)
    }
    #expect(failures > 300)
  }
}
