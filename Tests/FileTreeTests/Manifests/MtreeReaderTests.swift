import DiskModel
import Testing

@testable import FileTree

@Suite("Manifests of the form of mtree(5)")
struct MtreeReaderTests {
  @Test func namesAreInDirectoriesOrPaths() throws {
    let parsed = try Parsed(
      """
      #mtree
      . type=dir
          a type=file
          d type=dir
              x type=file
              e type=dir
              ..
              ./from/root type=dir
              y mode=0
          ..
          sub\\sdir type=dir
          z
      ./full type=file
      /also/full mode=1
      f//g/./h mode=1
      """
    )
    #expect(parsed.faults.isEmpty)
    #expect(
      parsed.paths == [
        "", "a", "d", "d/x", "d/e", "from/root", "d/y", "sub dir", "sub dir/z", "full",
        "also/full", "f/g/h",
      ]
    )
  }

  @Test func settingsHoldUntilTheyAreUnset() throws {
    let parsed = try Parsed(
      """
      /set type=file uid=5 mode=0644 optional
      a
      b uid=6
      /unset uid optional
      c mode=0600
      /set uname=ann gid=1
      d
      e uid=7 gname=staff
      /unset all
      f type=dir
      """
    )
    #expect(parsed.faults.isEmpty)
    let users = parsed.entries.map { $0.user?.value }
    #expect(
      users == [.number(5), .number(6), nil, .name(Array("ann".utf8)), .number(7), nil]
    )
    let groups = parsed.entries.map { $0.group?.value }
    #expect(groups == [nil, nil, nil, .number(1), .name(Array("staff".utf8)), nil])
    #expect(parsed.entries.map(\.permissions) == [0o644, 0o644, 0o600, 0o644, 0o644, nil])
    #expect(parsed.entries.map(\.absence) == [.skips, .skips, .makes, .makes, .makes, .makes])
  }

  @Test func numbersGoBeforeNamesBesideThem() throws {
    for text in ["./a uid=3 uname=x gname=y gid=4", "./a uname=x uid=3 gid=4 gname=y"] {
      let entry = try Parsed(text).only()
      #expect(entry.user?.value == .number(3))
      #expect(entry.group?.value == .number(4))
    }
  }

  @Test func everyKeywordIsKnown() throws {
    let entry = try Parsed(
      """
      ./a type=char mode=u=rw uid=1 gid=2 time=-3.000000004 device=native,5,1 size=6 \\
        link=b\\sc contents=../x\\040y nlink=2 inode=9 ino=9 resdevice=native,1,2 tags=a,b ignore \\
        flags=none xattr.user.x=one xattr.user.y=0x00fF xattr.user.x=0sAAE=
      """
    ).only()
    #expect(entry.kind?.value == .characterDevice)
    #expect(entry.permissions == 0o600)
    #expect(entry.modified == Timestamp(seconds: -3, nanoseconds: 4))
    #expect(entry.device?.value == Node.DeviceNumber(major: 5, minor: 1))
    #expect(entry.size?.value == 6)
    #expect(entry.target?.value == Array("b c".utf8))
    #expect(entry.contents?.value == Array("../x y".utf8))
    #expect(entry.contents?.place == ManifestPlace(line: 2, column: 22))
    let attributes = entry.attributes.map { Array($0.name) + [0] + Array($0.value) }
    #expect(attributes == [Array("user.y\0".utf8) + [0, 0xFF], Array("user.x\0".utf8) + [0, 1]])
  }

  @Test func whatIsLeftOutIsRemarked() throws {
    let parsed = try Parsed("./a flags=none\n./b sha1=12 flags=uchg\n./c md5digest=1 flags=uchg")
    #expect(parsed.remarks == ManifestRemarks(flagsLine: 2, digestLine: 2))
    #expect(parsed.remarks.notes.count == 2)
  }

  @Test func actions() throws {
    let parsed = try Parsed("a absent\nb nochange\nc optional absent\nd optional mode=1")
    #expect(parsed.entries.map(\.action) == [.remove, .expect, .remove, .set])
    #expect(parsed.entries.map(\.absence) == [.makes, .makes, .skips, .skips])
  }

  @Test(arguments: [
    ("native,8,300", 8, 300), ("linux,0x8,0xff", 8, 255), ("freebsd,4095,1048575", 4095, 0xF_FFFF),
    ("1281", 5, 1), ("0x501", 5, 1), ("02401", 5, 1),
    ("0x12c508", 709, 264),
  ])
  func devices(text: String, major: UInt32, minor: UInt32) throws {
    let entry = try Parsed("./a device=\(text)", .mtree).only()
    #expect(entry.device?.value == Node.DeviceNumber(major: major, minor: minor))
  }

  /// glibc's makedev(8, 300).
  @Test func largeMinorNumbersAreInTwoParts() throws {
    let entry = try Parsed("./a device=\(8 << 8 | 300 & 0xFF | (300 & ~0xFF) << 12)").only()
    #expect(entry.device?.value == Node.DeviceNumber(major: 8, minor: 300))
  }

  @Test(arguments: [
    ("./a moed=1", "1:5: moed is no keyword; did you mean mode?"),
    ("./a zzzzzzzzzz=1", "1:5: zzzzzzzzzz is no keyword"),
    ("./a type", "1:5: type needs a value: type=..."),
    ("./a absent=1", "1:5: absent takes no value"),
    ("./a type=dri", "1:10: dri is no type; there are file, dir, link, char, block, fifo, socket"),
    ("./a mode=rwx", "1:10: rwx is no mode, such as 0644 or u=rw,go=r"),
    ("./a uid=-1", "1:9: -1 is no number of a user or group"),
    ("./a gid=4294967295", "1:9: 4294967295 is no number of a user or group"),
    ("./a uname=", "1:11: there is nothing after uname="),
    ("./a time=1.5.6", "1:10: 1.5.6 is no time: seconds since 1970, a dot, nanoseconds"),
    (
      "./a time=1.1000000000",
      "1:10: 1.1000000000 is no time: seconds since 1970, a dot, nanoseconds"
    ),
    ("./a time=x", "1:10: x is no time: seconds since 1970, a dot, nanoseconds"),
    (
      "./a time=99999999999999999999",
      "1:10: 99999999999999999999 is no time: seconds since 1970, "
        + "a dot, nanoseconds"
    ),
    ("./a link=", "1:10: there is nothing after link="),
    ("./a link=x\\q", "1:11: the backslash starts no escape; a backslash is \\\\"),
    ("./a device=native,1", "1:12: native,1 is no device: write native,MAJOR,MINOR, or a number"),
    ("./a device=vax,1,2", "1:12: vax,1,2 is no device: write native,MAJOR,MINOR, or a number"),
    (
      "./a device=native,4096,0",
      "1:12: Linux has device numbers up to 4095 (major) and 1048575 "
        + "(minor)"
    ),
    ("./a size=1k", "1:10: no number of bytes"),
    ("./a\\q size=1", "1:4: the backslash starts no escape; a backslash is \\\\"),
    ("./a/../b mode=1", "1:1: a path may not have .. in it; write it from the root"),
    ("./a\\057b mode=1", "1:1: a name cannot have a slash or a zero byte in it"),
    ("./a\\000b mode=1", "1:1: a name cannot have a slash or a zero byte in it"),
    ("a type=dir\n..\n..", "3:1: .. leads out of the tree"),
    ("a type=dir\n  .. x", "2:6: nothing may follow .."),
    ("/set absent", "1:5: /set cannot make everything absent"),
    ("/unset moed", "1:8: moed is no keyword; did you mean mode?"),
    ("./a xattr.user.x", "1:11: an extended attribute needs a value: ...="),
    (
      "./a xattr.user.=1",
      "1:11: user. cannot be stored: names start with user., trusted. or "
        + "security., or are system.posix_acl_access or system.posix_acl_default, with at most 255 "
        + "bytes"
    ),
    ("./a xattr.user.x=0s=", "1:20: Base64: there is a = too many"),
    ("./a xattr.user.x=0xabc", "1:18: a hexadecimal value has two digits for each byte"),
    ("./a xattr.user.x=0xabgg", "1:22: these are no hexadecimal digits"),
    ("./a xattr.user.x=\"a\"", "1:18: write the text without quotes, and a blank as \\s"),
    (
      "./a xattr.user.x=da39a3ee5e6b4b0d3255bfef95601890afd80709",
      "1:18: a SHA-1 digest, as gomtree "
        + "writes it, does not tell the value; write that itself"
    ),
  ])
  func faultsHaveTheirPlaces(text: String, fault: String) throws {
    #expect(try Parsed(text, .mtree).faults == [fault])
  }

  @Test func allFaultsAreFound() throws {
    let parsed = try Parsed(
      "a uid=x gid=y \\\n  mode=z\nd type=dir bad\n  b type=file\n..\n..",
      .mtree
    )
    #expect(parsed.faults.map { $0.prefix(4) } == ["1:7:", "1:13", "2:8:", "3:12", "6:1:"])
    #expect(parsed.paths == ["d/b"])
  }

  @Test(arguments: [
    ("#mtree\n", Manifest.Format.mtree), ("# x\n\n/set uid=0\n", .mtree), ("", .mtree),
    (". type=dir", .mtree), ("./a absent", .mtree), ("name", .mtree), ("a uid=1", .mtree),
    ("/dev/console c 622 0 0 5 1 - - -", .devices), ("# x\n/bin d 755 0 0", .devices),
  ])
  func formsAreRecognised(text: String, format: Manifest.Format) throws {
    #expect(try Manifest.format(of: Array(text.utf8)) == format)
  }

  @Test func whatHasNoFormIsRefused() {
    let error = #expect(throws: ManifestError.self) {
      _ = try Manifest.format(of: Array("# hello\n dear reader".utf8))
    }
    #expect(error?.place == ManifestPlace(line: 2, column: 2))
    #expect(error?.problem.contains("manifest-format=") == true)
  }
}
