import DiskModel
import Foundation
import TestSupport
import Testing

@testable import FileTree

@Suite("Manifests change trees")
struct ManifestTests {
  private let directory: TemporaryDirectory
  private var root: RawPath { RawPath(directory("root")) }

  init() throws {
    directory = try TemporaryDirectory()
    try root.makeDirectory()
    try (root / "etc").makeDirectory()
    try (root / "etc/passwd").write(
      Array("root:x:0:0::/:/bin/sh\nann:x:1000:1000::/:/bin/sh\n".utf8)
    )
    try (root / "etc/group").write(Array("root:x:0:\nbroken\nstaff:x:50:ann\nstaff:x:51:\n".utf8))
    try (root / "file").write(Array("hello".utf8))
    try (root / "link").makeSymbolicLink(to: "etc")
    try (root / "other").makeHardLink(to: root / "file")
  }

  /// The tree after manifests of these texts.
  private func apply(
    _ texts: String...,
    format: Manifest.Format? = nil,
    defaults: NewFileDefaults = NewFileDefaults()
  ) throws -> Tree {
    let descriptors = DescriptorCache(capacity: 4)
    var draft = TreeDraft()
    draft.merge(try TreeScanner.scan("\(root)"))
    let paths = texts.indices.map { directory("m\($0)") }
    for (path, text) in zip(paths, texts) { try Host.write(path, Array(text.utf8)) }
    try Manifest.apply(
      paths,
      format: format,
      to: &draft,
      defaults: defaults,
      descriptors: descriptors
    )
    return draft.finish()
  }

  /// What is wrong, without the manifests' folder.
  private func problems(_ texts: String...) throws -> [String] {
    do {
      switch texts.count {
      case 1: _ = try apply(texts[0])
      default: _ = try apply(texts[0], texts[1])
      }
      return []
    } catch let failure as ManifestFailure {
      return failure.lines.map { $0.replacingOccurrences(of: directory.path + "/", with: "") }
    }
  }

  @Test func attributesChangeForEveryNameOfAFile() throws {
    let tree = try apply("./file uname=ann gname=staff mode=0600 time=7.8 xattr.user.x=1 size=5")
    for name in ["file", "other"] {
      let node = try tree.node(name)
      #expect(node.user == 1000 && node.group == 50 && node.permissions == 0o600)
      #expect(node.modified == Timestamp(seconds: 7, nanoseconds: 8))
      #expect(tree.attributeSets[Int(node.attributes)].attributes.count == 1)
      #expect(node.linkCount == 2)
    }
  }

  @Test func laterEntriesWin() throws {
    let tree = try apply(
      "./file uid=1 mode=1\n./file uid=2",
      "/file - 4\n".replacing("-", with: "f")
    )
    let node = try tree.node("file")
    #expect(node.user == 2 && node.permissions == 4)
  }

  @Test func filesAreMade() throws {
    let time = Timestamp(seconds: 1234, nanoseconds: 5)
    try Host.setModified("\(root)", time)
    try Host.write(directory("source"), Array("content".utf8))
    let tree = try apply(
      """
      ./dev/console type=char device=native,5,1
      ./dev/disk type=block device=native,8,0 mode=0660 gid=6
      ./run/fifo type=fifo
      ./run/socket type=socket
      ./run/empty type=file size=0
      ./run/link type=link link=../file mode=0
      ./run/copy type=file contents=source size=7 mode=0755
      ./run/absolute type=file contents=\(directory("source")) time=1
      """,
      defaults: NewFileDefaults(user: 3, group: 4, mask: 0o022)
    )
    let console = try tree.node("dev/console")
    #expect(console.kind == .characterDevice && console.permissions == 0o600)
    #expect(console.special == Node.DeviceNumber(major: 5, minor: 1))
    #expect(console.user == 3 && console.group == 4 && console.modified == time)
    let folder = try tree.node("dev")
    #expect(folder.permissions == 0o755 && folder.user == 3 && folder.modified == time)
    let disk = try tree.node("dev/disk")
    #expect(disk.kind == .blockDevice && disk.permissions == 0o660 && disk.group == 6)
    #expect(try tree.node("run/fifo").kind == .fifo)
    #expect(try tree.node("run/socket").kind == .socket)
    #expect(try tree.node("run/empty").permissions == 0o644)
    #expect(try tree.disk("run/empty").size == 0)
    let link = try tree.node("run/link")
    #expect(tree.text[link.target].elementsEqual("../file".utf8) && link.permissions == 0o777)
    #expect(try tree.disk("run/copy").bytes(0..<7) == Array("content".utf8))
    #expect(try tree.node("run/copy").permissions == 0o755)
    let copied = try Host.status(directory("source")).st_mtim
    #expect(try tree.node("run/copy").modified.seconds == Int64(copied.tv_sec))
    #expect(try tree.node("run/absolute").modified == Timestamp(seconds: 1))
  }

  @Test func filesAreReplacedAndRemoved() throws {
    try Host.write(directory("source"), Array("new".utf8))
    let tree = try apply(
      """
      ./file type=fifo
      ./link type=file contents=source
      ./other contents=source
      ./etc absent
      ./missing absent optional
      ./nothing optional type=dir
      """
    )
    #expect(tree.nameStrings() == ["file", "link", "other"])
    #expect(try tree.node("file").kind == .fifo)
    #expect(try tree.disk("link").bytes(0..<3) == Array("new".utf8))
    #expect(try tree.disk("other").bytes(0..<3) == Array("new".utf8))
    #expect(try tree.node("other").linkCount == 1)
  }

  @Test func whatWasRemovedCanBeMadeAgain() throws {
    let tree = try apply("./etc absent\n./etc type=dir mode=0700\n./etc/new type=fifo")
    #expect(tree.nameStrings(in: try tree.index(of: "etc")) == ["new"])
    #expect(try tree.node("etc").permissions == 0o700)
  }

  @Test func holesOfContentsStayHoles() throws {
    try Host.write(directory("source"), [(1 << 20, [1])], size: 3 << 20)
    let tree = try apply("./sparse type=file contents=source")
    let node = try tree.node("sparse")
    #expect(node.size == 3 << 20)
    #expect(tree.dataRanges(of: node) == [1 << 20..<(1 << 20) + 4096])
  }

  @Test func ownersAndModesOfEverythingBelow() throws {
    let tree = try apply("/ r 700 ann staff\n/etc r -1 9 9 - - - - -\n/dev/x c 600 0 0 1 2")
    for (path, user, mode) in [("file", 1000, 0o700), ("etc/group", 9, 0o700), ("etc", 9, 0o700)] {
      let node = try tree.node(path)
      #expect(node.user == user && node.permissions == mode, "\(path)")
    }
    let link = try tree.node("link")
    #expect(link.user == 1000 && link.permissions == 0o777)
    #expect(tree.nodes[0].user == 1000 && tree.nodes[0].permissions == 0o700)
  }

  @Test func namesAreThoseOfTheTreeAsItIsThen() throws {
    try Host.write(directory("users"), Array("zoe:x:77:77:::\n".utf8))
    let tree = try apply(
      "./file uname=ann\n./etc/passwd contents=users\n./link uname=zoe\n./etc uid=5",
      "./etc/group uname=zoe"
    )
    #expect(try tree.node("file").user == 1000)
    #expect(try tree.node("link").user == 77)
    #expect(try tree.node("etc/group").user == 77)
  }

  @Test func linksAreNotFollowed() throws {
    #expect(
      try problems("./link/passwd uid=0", "./file/x/y type=dir") == [
        "m0:1:1: /link/passwd: /link is a symbolic link, and not followed",
        "m1:1:1: /file/x/y: /file is no directory",
      ]
    )
  }

  @Test(arguments: [
    ("./no uid=1", "1:1: /no: is not in the tree, and no type= says what to make"),
    ("./no nochange", "1:1: /no: is not in the tree"),
    ("./no absent", "1:1: /no: is not in the tree"),
    (". absent", "1:1: /: the root cannot be absent"),
    (". type=file", "1:8: /: is of type dir in the tree, not file"),
    ("./etc type=file", "1:12: /etc: is of type dir in the tree, not file"),
    (
      "./link type=file",
      "1:13: /link: is of type link in the tree; contents= says what is in a "
        + "file instead"
    ),
    (
      "./no type=file",
      "1:1: /no: is not in the tree, and there is no contents= to make a file of; "
        + "size=0 makes an empty one"
    ),
    ("./no type=link", "1:1: /no: is not in the tree, and there is no link= to make a link"),
    ("./no type=char", "1:1: /no: is not in the tree, and there is no device= to make a device"),
    ("./file size=6", "1:13: /file: has 5 bytes, not 6"),
    ("./file link=x", "1:13: /file: link= is for files of type link"),
    ("./etc contents=m0", "1:16: /etc: contents= is for files of type file"),
    ("./file device=native,1,1", "1:15: /file: device= is for files of type char and block"),
    ("./file contents=none", "1:17: /file: none: No such file or directory"),
    ("./file contents=root", "1:17: /file: root is no regular file"),
    ("./file contents=\\377", "1:17: /file: \u{FFFD} is not UTF-8 without zero bytes"),
    ("./file uname=bob", "1:14: /file: the tree's own /etc/passwd has no user bob"),
    ("./file gname=ann", "1:14: /file: the tree's own /etc/group has no group ann"),
    (
      "./etc/passwd absent\n./file uname=ann",
      "2:14: /file: the tree has no /etc/passwd to find a "
        + "user in; use numbers"
    ),
    (
      "./etc/passwd type=fifo\n./file uname=ann",
      "2:14: /file: /etc/passwd is no regular file of at "
        + "most 16 MiB; use numbers"
    ),
    ("/no f 644", "1:1: /no: is not in the tree"),
    ("/no r 644", "1:1: /no: is not in the tree"),
    ("/etc f 644", "1:6: /etc: is of type dir in the tree, not file"),
    ("/link c 644 0 0 1 1\n/link f 644", "2:7: /link: is of type char in the tree, not file"),
  ])
  func problemsHaveTheirPlaces(text: String, problem: String) throws {
    #expect(try problems(text) == ["m0:" + problem])
  }

  @Test func allProblemsOfAllManifestsAreNamed() throws {
    let lines = (0..<15).map { "./file uid=x\($0)" }.joined(separator: "\n")
    let problems = try problems(lines, lines)
    #expect(problems.count == 21)
    #expect(problems[14] == "m0:15:12: x14 is no number of a user or group")
    #expect(problems[15] == "m1:1:12: x0 is no number of a user or group")
    #expect(problems[20] == "and 10 more")
  }

  @Test func manifestsThatCannotBeReadAreNamed() throws {
    var draft = TreeDraft()
    let paths = [directory("none"), directory.path, "/dev/zero"]
    let failure = #expect(throws: ManifestFailure.self) {
      try Manifest.apply(paths, to: &draft, descriptors: DescriptorCache(capacity: 4))
    }
    #expect(
      failure?.problems == [
        "\(paths[0]): No such file or directory", "\(paths[1]): Is a directory",
        "/dev/zero: a manifest has at most 256 MiB",
      ]
    )
  }

  @Test func notesTellWhatIsLeftOut() throws {
    let tree = try apply("./file flags=uchg md5=1")
    let notes = tree.notes.map { $0.replacingOccurrences(of: directory.path + "/", with: "") }
    #expect(
      notes == [
        "m0: flags= (line 1 and on) is left out",
        "m0: digests (line 1 and on) are not compared: contents are not read",
      ]
    )
  }

  /// A fifo nobody writes to is not waited for.
  @Test(.timeLimit(.minutes(30)))
  func contentsAreNoFIFO() throws {
    try Host.makeFIFO(directory("fifo"))
    #expect(try problems("./file contents=fifo") == ["m0:1:17: /file: fifo is no regular file"])
  }
}
