import Foundation
import TestSupport
import Testing

/// Extended attributes, read back by e2fsprogs and by a kernel.
@FilesystemThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct AttributeTests {
  static let tree = Result { try AttributeTree(in: MemoryDirectory.shared()).root }

  @Test(
    "debugfs gives back every attribute, and e2fsck is silent",
    arguments: FilesystemType.allCases
  )
  func readBack(_ type: FilesystemType) throws {
    let root = try Self.tree.get()
    let image = try PartitionImage(of: root, ["type=\(type)"])
    let complaints = try image.complaints()
    #expect(complaints.isEmpty, "\(summary(complaints))")

    let debugfs = Debugfs(image: image.partition)
    var inodes = try debugfs.inodes()
    inodes[RawPath(bytes: [])] = 2
    let expected = try inodes.keys.map { path in
      (path, try (path.bytes.isEmpty ? root : root / path.bytes).attributes())
    }
    #expect(expected.count > 2500)
    let copies = try MemoryDirectory()
    var wanted: [(what: String, file: RawPath, value: [UInt8])] = []
    var commands: [String] = []
    for (path, attributes) in expected {
      for (name, value) in attributes {
        let file = RawPath("\(copies.path)/\(wanted.count)")
        // What it copies nothing to, it does not make.
        try file.write([UInt8](repeating: 0xD1, count: value.isEmpty ? 0 : 1))
        commands.append("ea_get -f \(file) <\(inodes[path] ?? 0)> \"\(name)\"")
        wanted.append(("\(path) \(name)", file, Self.told(value, of: name)))
      }
    }
    _ = try debugfs.run(commands)
    let differences = try wanted.filter { try $0.file.read(0..<70_000) != $0.value }.map(\.what)
    #expect(differences.isEmpty, "\(summary(differences))")
    let lists = try debugfs.run(expected.map { "ea_list <\(inodes[$0.0] ?? 0)>" })
    for ((path, attributes), list) in zip(expected, lists) {
      let lines = list.split(separator: 10).count
      #expect(lines == (attributes.isEmpty ? 0 : attributes.count + 1), "\(path)")
    }
  }

  /// What debugfs tells of an attribute: in ACLs, no one in particular is 0 to it,
  /// and 0xFFFFFFFF to kernels.
  private static func told(_ value: [UInt8], of name: String) -> [UInt8] {
    guard name.hasPrefix("system.posix_acl") else { return value }
    var told = value
    for entry in stride(from: 4, to: value.count, by: 8) where ![2, 8].contains(value[entry]) {
      for byte in entry + 4..<entry + 8 { told[byte] = 0 }
    }
    return told
  }

  @Test("Blocks of attributes are metadata to clients")
  func roles() throws {
    let root = try MemoryDirectory.shared()
    try (root / "file").write()
    try (root / "file").setAttribute("user.v", [UInt8](repeating: 0xD1, count: 4000))
    let server = try NbdgenProcess(["linuxdisk", "\(root)"])
    let map = try Program("nbdinfo").succeed(["--map=nbdgen:segment", server.uri]).lines
    try server.stop()
    let image = try PartitionImage(of: root)
    let status = try Debugfs(image: image.partition).run(["stat file"])[0]
    let text = String(decoding: status, as: UTF8.self)
    let match = try #require(try /File ACL: ([0-9]+)/.firstMatch(in: text), "\(text)")
    let offset = (1 << 20) + (Int(match.1) ?? 0) * 4096
    // Offset, size, and 1 for metadata.
    let runs = map.map { $0.split(separator: " ").prefix(3).map { Int($0) ?? -1 } }
    #expect(runs.contains { $0[2] == 1 && ($0[0]..<$0[0] + $0[1]).contains(offset) }, "\(map)")
    #expect(try RawPath(image.disk).read(offset..<offset + 4) == [0, 0, 2, 0xEA])
  }

  @Test("Copies of a tree with attributes give the same disk")
  func copies() throws {
    let root = try Self.tree.get()
    // What lists attributes in another order.
    let copy = RawPath(try TemporaryDirectory.shared()("copy"))
    let names = ["lists", "shares", "special"]
    let some = RawPath(try MemoryDirectory.shared().description + "/some")
    try some.makeDirectory()
    for name in names { try Program("cp").succeed(["-a", "\(root / name)", "\(some)/"]) }
    try Program("cp").succeed(["-a", "\(some)", "\(copy)"])
    let images = try [some, copy].map { try PartitionImage(of: $0, ["type=ext4"]) }
    let digests = try images.map {
      try Program("sha256sum").succeed([$0.disk]).text.prefix(64)
    }
    #expect(digests[0] == digests[1])
    let time = try (copy / "lists/few").facts()
    try (copy / "lists/few").setAttribute("user.one", [1])
    try (copy / "lists/few").setModified(time.seconds, time.nanoseconds)
    let other = try PartitionImage(of: copy, ["type=ext4"]).superblock()["Filesystem UUID"]
    #expect(try other != images[0].superblock()["Filesystem UUID"])
  }

  @Test("Attributes that do not fit are named, all of them, or left out on demand")
  func misfits() throws {
    let root = try MemoryDirectory.shared()
    for (name, size) in [("a", 4041), ("b", 60_000), ("c", 4040)] {
      try (root / name).write([1])
      try (root / name).setAttribute("user.v", [UInt8](repeating: 1, count: size))
    }
    let words = ["-U", "-", "linuxdisk", "\(root)", "--run", "true"]
    let refused = try Program.nbdgen().run(words)
    #expect(refused.status == 1)
    let lines = refused.errorLines
    #expect(lines.count == 2, "\(refused)")
    #expect(lines.first?.contains("\(root)/a: has 4064 bytes of extended attributes") == true)
    #expect(lines.last?.contains("\(root)/b: has 60020 bytes of extended attributes") == true)
    #expect(lines.allSatisfy { $0.contains("xattrs=skip") })

    let image = try PartitionImage(of: root, ["xattrs=skip"])
    #expect(try image.complaints().isEmpty)
    let list = try Debugfs(image: image.partition).run(["ea_list c"])
    #expect(list == [Data()])
  }

  @Test(
    "A size that is named for a tree with attributes is enough",
    arguments: FilesystemType.allCases
  )
  func sizes(_ type: FilesystemType) throws {
    let root = try MemoryDirectory.shared()
    for number in 0..<300 {
      let file = root / "\(number)"
      try file.write()
      try file.setAttribute("user.v", [UInt8](repeating: UInt8(number & 0xFF), count: 200 + number))
    }
    let words = ["-U", "-", "linuxdisk", "\(root)", "type=\(type)", "size=64K", "--run", "true"]
    let line = try Program.nbdgen().run(words).errorLines.first ?? ""
    let match = try #require(try /size=([0-9]+M?) is enough$/.firstMatch(in: line), "\(line)")
    let image = try PartitionImage(of: root, ["type=\(type)", "size=\(match.1)"])
    let complaints = try image.complaints()
    #expect(complaints.isEmpty, "\(summary(complaints))")
  }
}
