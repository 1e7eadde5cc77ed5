import Foundation
import TestSupport
import Testing

/// Times and identity of FAT disks.
@FilesystemThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct FloppyTimeTests {
  @Test(
    "Times are of the zone that is asked for",
    arguments: [("UTC", 0), ("+05:30", 19_800), ("-11:00", -39_600)]
  )
  func zone(_ zone: String, _ offset: Int) throws {
    let directory = try TemporaryDirectory()
    let root = RawPath(directory("tree"))
    try root.makeDirectory()
    for seconds in [1_000_000_000, 951_782_398, 1_709_164_800, 4_102_444_799] {
      try (root / "\(seconds)").write([0x2E])
      try (root / "\(seconds)").setModified(seconds)
    }
    let image = try FloppyImage(of: root, ["timezone=\(zone)", "layout=none"])
    let mcopy = try Program("mcopy", environment: ["TZ": "UTC"])
    for name in try root.names() {
      let copy = directory("copy")
      let name = String(decoding: name, as: UTF8.self)
      try mcopy.succeed(["-m", "-n", "-i", image.disk, "::/\(name)", copy])
      let seconds = try #require(Int(name))
      #expect(try RawPath(copy).facts().seconds == (seconds + offset) & ~1, "\(name)")
      try RawPath(copy).remove()
    }
  }

  @Test("Equal trees give equal disks, wherever they are", arguments: FATVolume.Width.allCases)
  func determinism(_ width: FATVolume.Width) throws {
    let (tree, other) = (try FloppyTree(seed: 6000), try FloppyTree(seed: 6000))
    // What is there from the start has the time of now.
    for path in try tree.root.everythingBelow() where path.facts.isRegular {
      for root in [tree.root, other.root] {
        try (root / path.path.bytes).setModified(path.facts.seconds)
      }
    }
    for root in [tree.root, other.root] {
      for path in try root.everythingBelow() where path.facts.isDirectory {
        try (root / path.path.bytes).setModified(1_600_000_000)
      }
      try root.setModified(1_600_000_000)
    }
    let images = try [tree, other].map { try FloppyImage(of: $0.root, ["type=\(width)"]) }
    let outcome = try Program("cmp").run(images.map(\.disk))
    #expect(outcome.status == 0, "\(outcome)")
  }
}
