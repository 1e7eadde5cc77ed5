import DiskModel
import TestSupport
import Testing

@testable import FileTree

@Suite struct TarReaderTests {
  private func members(_ builder: TarBuilder) throws -> [TarMember] {
    try ArchiveOpener().tar(builder.finished).found.members
  }

  private func failure(_ bytes: [UInt8]) -> String {
    do throws(ArchiveFailure) {
      _ = try ArchiveOpener().tar(bytes)
      return "none"
    } catch {
      return error.description
    }
  }

  @Test("A header says it all") func header() throws {
    var builder = TarBuilder()
    builder.add("./etc//motd", content: Array("hello".utf8))
    builder.add("etc/", type: "5")
    builder.add("/link", type: "2", link: "../x")
    builder.add("b", type: "1", link: "./etc/motd")
    builder.add("name", prefix: "some/folder")
    let members = try members(builder)
    #expect(
      members.map(\.path)
        == ["etc/motd", "etc", "link", "b", "some/folder/name"].map { Array($0.utf8) }
    )
    #expect(members[0].kind == .regular(.init(size: 5, offset: 512)))
    #expect(members[0].permissions == 0o644)
    #expect(members[0].user == 1000 && members[0].group == 100)
    #expect(members[0].modified == Timestamp(seconds: 1_700_000_000))
    #expect(members[1].kind == .directory)
    #expect(members[2].kind == .symbolicLink(target: Array("../x".utf8)))
    #expect(members[3].kind == .hardLink(target: Array("etc/motd".utf8)))
  }

  @Test("Old archives have no type and may have signed checksums") func old() throws {
    var builder = TarBuilder()
    builder.add("folder/", type: "\u{0}", magic: "")
    builder.add("file", type: "\u{0}", content: [1], magic: "")
    var bytes = builder.finished
    // A name that is not ASCII, and the sum of signed bytes.
    bytes[512] = 0xE9
    let sum = bytes[512..<1024].enumerated().reduce(0) { sum, byte in
      sum + ((148..<156).contains(byte.offset) ? 32 : Int(Int8(bitPattern: byte.element)))
    }
    let digits = String(sum, radix: 8)
    for (index, byte) in (String(repeating: " ", count: 6 - digits.count) + digits).utf8
      .enumerated()
    {
      bytes[512 + 148 + index] = byte
    }
    let members = try ArchiveOpener().tar(bytes).found.members
    #expect(members.map(\.kind) == [.directory, .regular(.init(size: 1, offset: 1024))])
    #expect(members[1].path == [0xE9] + Array("ile".utf8))
  }

  @Test("Numbers in base 256, negative times") func binary() throws {
    var builder = TarBuilder()
    builder.add("big", size: 0) { block in
      for (index, byte) in [0x80, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFE].enumerated() {
        block[108 + index] = UInt8(byte)
      }
      for index in 136..<148 { block[index] = 0xFF }
    }
    let member = try members(builder)[0]
    #expect(member.user == 0xFFFF_FFFE)
    #expect(member.modified == Timestamp(seconds: -1))
  }

  @Test("Records of extended headers count more than fields") func pax() throws {
    let long = String(repeating: "d/", count: 300) + "name"
    var builder = TarBuilder()
    builder.addRecords([("gid", "77"), ("mtime", "5")], type: "g")
    builder.addRecords([
      ("path", long), ("uid", "4000000000"), ("mtime", "-1.25"), ("size", "3"),
      ("SCHILY.xattr.user.a%3Db", "v"), ("LIBARCHIVE.xattr.user.%C3%A4", "AAE"),
      ("SCHILY.acl.access", "user::rw-,user:u:r--:1000,group::r--,mask::r--,other::---"),
    ])
    builder.add("short", content: [1, 2, 3], size: 0)
    builder.add("other")
    let members = try members(builder)
    #expect(members[0].path == Array(long.utf8))
    #expect(members[0].user == 4_000_000_000 && members[0].group == 77)
    #expect(members[0].modified == Timestamp(seconds: -2, nanoseconds: 750_000_000))
    guard case .regular(let content) = members[0].kind else {
      Issue.record("not a regular file")
      return
    }
    #expect(content.size == 3)
    let attributes = AttributeSet(members[0].attributes).attributes
    #expect(attributes.count == 3)
    #expect(attributes[0].name.elementsEqual("system.posix_acl_access".utf8))
    #expect(attributes[0].value.count == 4 + 5 * 8)
    #expect(attributes[1].name.elementsEqual("user.a=b".utf8))
    #expect(attributes[2].name.elementsEqual("user.ä".utf8) && attributes[2].value == [0, 1])
    #expect(members[1].modified == Timestamp(seconds: 5) && members[1].user == 1000)
  }

  @Test("Long names of GNU tar") func gnu() throws {
    var builder = TarBuilder()
    let name = String(repeating: "n", count: 200)
    let gnu = "ustar  \u{0}"
    builder.add("././@LongLink", type: "K", content: Array((name + "t\u{0}").utf8), magic: gnu)
    builder.add("././@LongLink", type: "L", content: Array((name + "\u{0}").utf8), magic: gnu)
    builder.add("nnn", type: "2", link: "ttt", magic: gnu)
    builder.add("label", type: "V", magic: gnu)
    let members = try members(builder)
    #expect(members.count == 1)
    #expect(members[0].path == Array(name.utf8))
    #expect(members[0].kind == .symbolicLink(target: Array((name + "t").utf8)))
  }

  @Test("Hard links with content, and with a size but none") func hardLinks() throws {
    var builder = TarBuilder()
    builder.add("a", content: [1])
    builder.add("b", type: "1", content: [1], link: "a")
    builder.add("c", type: "1", size: 1, link: "a")
    builder.add("d", content: [2])
    #expect(try members(builder).map(\.path) == ["a", "b", "c", "d"].map { Array($0.utf8) })
  }

  @Test("Archives may follow one another") func concatenated() throws {
    var first = TarBuilder()
    first.add("a")
    var second = TarBuilder()
    second.add("b")
    let bytes = first.finished + second.finished
    #expect(try ArchiveOpener().tar(bytes).found.members.count == 2)
    let input = PlainInput(ArchiveBytes(bytes))
    #expect(try TarReader.read(input, readsConcatenated: false).members.count == 1)
    // What is no archive is not looked at.
    #expect(try ArchiveOpener().tar(first.finished + Array("junk".utf8)).found.members.count == 1)
  }

  @Test("An archive without an end is noted") func noEnd() throws {
    var builder = TarBuilder()
    builder.add("a", content: [1])
    let notes = try ArchiveOpener().tar(builder.bytes).found.notes
    #expect(notes == ["test.tar has no end mark; it may be cut short"])
  }

  @Test("What is wrong is told with its place") func failures() {
    var builder = TarBuilder()
    builder.add("first", content: [UInt8](repeating: 7, count: 1000))
    let good = builder.bytes
    func with(_ change: (inout TarBuilder) -> Void) -> [UInt8] {
      var changed = builder
      change(&changed)
      return changed.finished
    }
    let cases: [([UInt8], String)] = [
      ([], "test.tar: empty; not a tar archive"),
      (
        Array("hello world".utf8),
        "test.tar: at offset 0: the archive ends within a header: it is cut short"
      ),
      ([UInt8](repeating: 65, count: 600), "test.tar: at offset 0: not a tar archive"),
      (
        Array(good[..<700]), "test.tar: at offset 0: the archive ends within first: it is cut short"
      ),
      (
        good + [UInt8](repeating: 65, count: 512),
        "test.tar: at offset 1536: there is no valid header of a member"
      ),
      (
        with { $0.add("a/../../b") },
        "test.tar: at offset 1536: a/../../b: has a path with .. in it, which may lead out of the tree"
      ),
      (
        with { $0.add("a", type: "D") },
        "test.tar: at offset 1536: a: is of an incremental dump, which is not a whole tree; make a full archive"
      ),
      (
        with { $0.add("a", type: "Q") },
        "test.tar: at offset 1536: a: is of type Q, which is not known"
      ),
      (
        with { $0.add("a", size: 1 << 30) },
        "test.tar: at offset 1536: the archive ends within a: it is cut short"
      ),
      (
        with { $0.add("a") { $0[124] = UInt8(ascii: "9") } },
        "test.tar: at offset 1536: a: its size is not a number that can be"
      ),
      (
        with { $0.add("a", type: "x", content: Array("5 x\n".utf8)) },
        "test.tar: at offset 1536: a record of the extended header has no valid length"
      ),
      (
        with { $0.addRecords([("path", "x")]) },
        "test.tar: at offset 1536: the member that this header is for is missing"
      ),
    ]
    for (bytes, expected) in cases { #expect(failure(bytes) == expected) }
  }

  @Test(
    "Times of pax have fractions",
    arguments: [
      ("0", 0, 0), ("1.5", 1, 500_000_000), ("-1", -1, 0), ("-0.5", -1, 500_000_000),
      ("-1.25", -2, 750_000_000), ("2.0000000019", 2, 1), ("-0.0000000001", -1, 999_999_999),
      ("3.", 3, 0),
    ] as [(String, Int64, UInt32)]
  )
  func times(_ text: String, _ seconds: Int64, _ nanoseconds: UInt32) {
    let time = TarNumber.parseTime(Array(text.utf8))
    #expect(time == Timestamp(seconds: seconds, nanoseconds: nanoseconds))
  }

  @Test(
    "What is no time is refused",
    arguments: ["", "-", "x", "1.x", "99999999999999999999", "+1"]
  )
  func noTimes(_ text: String) {
    #expect(TarNumber.parseTime(Array(text.utf8)) == nil)
  }
}
