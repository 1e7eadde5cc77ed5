import Foundation
import TestSupport
import Testing

/// Disks of manifests are those of directories that are what the manifests say.
@FilesystemThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct ManifestTests {
  /// Commands that write a manifest of the working directory.
  ///
  /// NetBSD's mtree writes names with newlines into comments as they are, and has no
  /// room for long targets of links.
  nonisolated private static let writers: [(line: String, knowsAll: Bool)] = [
    ("mtree -c -K device -p .", false),
    ("mtree -c -K device,sha256 -p . | mtree -C -K device,sha256", false),
    ("bsdtar -cf - --format=mtree .", true),
    ("bsdtar -cf - --format=mtree --options=mtree:all .", true),
    ("bsdtar -cf - --format=mtree --options=mtree:use-set,mtree:indent .", true),
  ]

  private struct Trees {
    /// A tree with a little of everything.
    var tree: RawPath
    /// A copy of it that has lost all attributes, and its devices.
    var copy: RawPath

    init(removing removed: String) throws {
      tree = try MixedTree(isFull: false).root
      copy = RawPath(try TemporaryDirectory.shared()("copy"))
      let line = """
        set -e
        newline='
        '
        cd '\(tree)'
        rm -rf \(removed)
        cp -a . '\(copy)'
        cd '\(copy)'
        rm -f types/char-* types/block-* types/fifo types/socket
        [ $(id -u) != 0 ] || chown -Rh 1:1 .
        find . ! -type l -exec chmod 700 {} +
        find . -exec touch -h -d @5 {} +
        """
      let outcome = try Program.shell(line)
      guard outcome.status == 0 else { throw ToolFailure("\(outcome)") }
    }

    static let all = Result { try Trees(removing: "") }
    static let simple = Result {
      try Trees(removing: "names/*\"$newline\"* links/to-????")
    }
  }

  private func digest(_ image: PartitionImage) throws -> Substring {
    try Program("sha256sum").succeed([image.disk]).text.prefix(64)
  }

  @Test("Manifests that others write give files their attributes back", arguments: writers.indices)
  func roundTrip(_ index: Int) throws {
    let (line, knowsAll) = Self.writers[index]
    let trees = try (knowsAll ? Trees.all : Trees.simple).get()
    let directory = try TemporaryDirectory()
    let manifest = directory("manifest")
    let written = try Program.shell("\(line) >'\(manifest)'", directory: "\(trees.tree)")
    #expect(written.status == 0, "\(written)")
    let expected = try digest(PartitionImage(of: trees.tree, ["type=ext4"]))
    let plain = try digest(PartitionImage(of: trees.copy, ["type=ext4"]))
    #expect(plain != expected)
    let image = try PartitionImage(of: trees.copy, ["type=ext4", "manifest=\(manifest)"])
    #expect(try digest(image) == expected, "\(line)")
    #expect(try image.complaints().isEmpty)
  }

  /// A manifest of everything in a tree, as we would write it, extended attributes
  /// included.
  private func manifest(of root: RawPath) throws -> String {
    func escaped(_ bytes: [UInt8]) -> String {
      bytes.map { byte in
        let isPlain = (0x2D...0x39).contains(byte) || (0x61...0x7A).contains(byte)
        let digits = String(byte, radix: 8)
        return isPlain
          ? String(UnicodeScalar(byte))
          : "\\" + String(repeating: "0", count: 3 - digits.count) + digits
      }.joined()
    }
    let kinds: [UInt32: String] = [
      0o100000: "file", 0o040000: "dir", 0o120000: "link", 0o020000: "char", 0o060000: "block",
      0o010000: "fifo", 0o140000: "socket",
    ]
    var lines = ["#mtree"]
    let everything = [(RawPath(bytes: []), try root.facts())] + (try root.everythingBelow())
    for (path, facts) in everything {
      let file = path.bytes.isEmpty ? root : root / path.bytes
      var words = [
        "./" + escaped(path.bytes), "type=\(kinds[facts.type] ?? "")",
        "mode=\(String(facts.mode & 0o7777, radix: 8))", "uid=\(facts.user)", "gid=\(facts.group)",
        "time=\(facts.seconds).\(facts.nanoseconds)",
      ]
      if facts.isRegular { words.append("size=\(facts.size)") }
      if facts.isSymbolicLink { words.append("link=\(escaped(try file.target()))") }
      if [0o020000, 0o060000].contains(facts.type) {
        words.append("device=native,\(facts.specialMajor),\(facts.specialMinor)")
      }
      for (name, value) in try file.attributes().sorted(by: { $0.key > $1.key }) {
        let digits = value.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        words.append("xattr.\(escaped(Array(name.utf8)))=0x\(digits)")
      }
      lines.append(words.joined(separator: " "))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  @Test("A manifest tells all that a directory can have", arguments: FilesystemType.allCases)
  func everything(_ type: FilesystemType) throws {
    let tree = try AttributeTests.tree.get()
    let directory = try MemoryDirectory()
    let copy = RawPath(directory.path) / "copy"
    let line = """
      set -e
      cp -r --preserve=links '\(tree)' '\(copy)'
      find '\(copy)' ! -type d ! -type f -delete
      """
    let outcome = try Program.shell(line)
    try #require(outcome.status == 0, "\(outcome)")
    let file = RawPath(directory.path) / "manifest"
    try file.write(Array(try manifest(of: tree).utf8))
    let expected = try digest(PartitionImage(of: tree, ["type=\(type)"]))
    for parameters in [["manifest=\(file)"], ["manifest=\(file)", "xattrs=skip"]] {
      let image = try PartitionImage(of: copy, ["type=\(type)"] + parameters)
      #expect(try digest(image) == expected, "\(parameters)")
    }
  }

  @Test(
    "Device tables make what mknod, chown and setcap would",
    .enabled(if: MixedTree.isPrivileged)
  )
  func deviceTable() throws {
    let directory = try MemoryDirectory()
    let (plain, real) = (RawPath(directory.path) / "plain", RawPath(directory.path) / "real")
    let capabilities = [
      "cap_net_raw+ep", "cap_net_raw,cap_chown=eip", "all=p", "=p", "cap_sys_admin+eip cap_kill+ep",
      "cap_kill=pi", "cap_checkpoint_restore,cap_bpf+p", "all+eip cap_chown-eip",
    ]
    var table = """
      # name type mode uid gid major minor start inc count
      /dev d 755 0 0 - - - - -
      /dev/console c 600 0 0 5 1 - - -
      /dev/hda b 640 0 6 3 0 0 0 -
      /dev/hda b 640 0 6 3 1 1 1 15
      /dev/uio b 640 0 0 252 1 6 2 5
      /run/fifo p 622 0 0 - - - - -
      /run/log s 666 ann staff - - - - -
      /etc/passwd f 600 ann 0 - - - - -
      /etc/nothing F 600 0 0 - - - - -
      /var r -1 ann staff - - - - -
      /var/mode r 700 0 0 - - - - -

      """
    var setcap = ""
    for (number, text) in capabilities.enumerated() {
      table += "/bin/\(number) f -1 - - - - - - -\n"
      for clause in text.split(separator: " ") { table += "|xattr \(clause)\n" }
      setcap += "setcap '\(text)' bin/\(number)\n"
    }
    let line = """
      set -e
      mkdir plain && cd plain
      mkdir bin etc run var var/mode var/below
      echo 'ann:x:1000:1000::/:' >etc/passwd
      echo 'staff:x:50:' >etc/group
      touch var/mode/file var/below/file
      ln -s file var/mode/link
      for i in \(capabilities.indices.map(String.init).joined(separator: " ")); do echo $i >bin/$i; done
      cd .. && cp -a plain real && cd real
      mkdir -m 755 dev
      mknod -m 600 dev/console c 5 1
      mknod -m 640 dev/hda b 3 0
      for i in $(seq 15); do mknod -m 640 dev/hda$i b 3 $i; done
      chgrp 6 dev/hda*
      for i in 6 7 8 9 10; do mknod -m 640 dev/uio$i b 252 $((2 * i - 11)); done
      mkfifo run/fifo
      chmod 622 run/fifo
      python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("run/log")'
      chmod 666 run/log
      chown 1000:50 run/log
      chmod 600 etc/passwd
      chown 1000:0 etc/passwd
      chown -Rh 1000:50 var
      chown -Rh 0:0 var/mode
      find var/mode ! -type l -exec chmod 700 {} +
      \(setcap)
      cd ..
      find plain real -exec touch -h -d @1000000000 {} +
      """
    let outcome = try Program.shell(line, directory: directory.path)
    try #require(outcome.status == 0, "\(outcome)")
    let file = RawPath(directory.path) / "table"
    try file.write(Array(table.utf8))
    let expected = try PartitionImage(of: real, ["type=ext4"])
    let image = try PartitionImage(of: plain, ["type=ext4", "manifest=\(file)"])
    #expect(try digest(image) == digest(expected))
  }

  @Test("Owners and modes of everything are those that chown and chmod would set")
  func everybody() throws {
    let (tree, copy) = try (Trees.all.get().tree, Trees.all.get().copy)
    let other = try TemporaryDirectory()
    let (user, group) = MixedTree.isPrivileged ? (0, 0) : (Int(geteuid()), Int(getegid()))
    let line = """
      set -e
      cp -a '\(tree)' '\(other("tree"))'
      cd '\(other("tree"))'
      chown -Rh \(user):\(group) .
      chmod -R u-s,g-s,o-w .
      """
    let outcome = try Program.shell(line)
    try #require(outcome.status == 0, "\(outcome)")
    let parameters = ["owner=\(user):\(group)", "mode-mask=6002"]
    let expected = try digest(PartitionImage(of: RawPath(other("tree"))))
    #expect(try digest(PartitionImage(of: tree, parameters)) == expected)
    #expect(try digest(PartitionImage(of: copy, parameters)) != expected)
  }

  @Test("Errors of manifests are named with their places, and end with 1")
  func errors() throws {
    let root = RawPath(try TemporaryDirectory.shared()("errors"))
    try root.makeDirectory()
    let directory = try TemporaryDirectory()
    try RawPath(directory("m")).write(Array("./a moed=1\n./b type=char\n".utf8))
    let words = ["-U", "-", "linuxdisk", "\(root)", "manifest=m", "--run", "true"]
    let outcome = try Program.nbdgen(directory: directory.path).run(words)
    #expect(outcome.status == 1)
    #expect(
      outcome.errorLines == [
        "nbdgen: linuxdisk: m:1:5: moed is no keyword; did you mean mode?",
        "nbdgen: linuxdisk: m:2:1: /b: is not in the tree, and there is no device= to make a device",
      ]
    )
  }

  @Test(
    "Wrong parameters are usage errors",
    arguments: [
      ("owner=root", "owner=root: not two numbers, USER:GROUP, such as 0:0"),
      ("owner=0:4294967295", "owner=0:4294967295: not two numbers, USER:GROUP, such as 0:0"),
      ("mode-mask=9", "mode-mask=9: not an octal mode, such as 022"),
      ("exclude=[a", "exclude=[a: a bracket is not closed; a bracket itself is \\["),
      ("include=/", "include=/: the pattern is empty"),
      ("manifest-format=mtree", "manifest-format=mtree: there is no manifest="),
    ]
  )
  func usage(parameter: String, message: String) throws {
    let words = ["-U", "-", "linuxdisk", "/", parameter, "--run", "true"]
    let outcome = try Program.nbdgen().run(words)
    #expect(outcome.status == 2)
    #expect(outcome.errorLines.first == "nbdgen: linuxdisk: \(message)")
  }
}
