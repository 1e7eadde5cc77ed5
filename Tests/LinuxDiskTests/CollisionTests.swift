import DiskModel
import FileTree
import TestSupport
import Testing

@testable import LinuxDiskGenerator

@Suite("Names with equal hashes", .timeLimit(.minutes(30)))
struct CollisionTests {
  private static let hashSeed = [UInt8](1...16)
  private static let hash = DirectoryHash(seed: hashSeed)

  /// Names of 252 bytes, of which a leaf holds 15.
  private static func name(_ number: Int) -> [UInt8] {
    let digits = Array("\(number)".utf8)
    return digits + [UInt8](repeating: 0xE9, count: 252 - digits.count)
  }

  /// The hashes of so many names that a few of them are equal: there are 2^31.
  private static let hashes = (0..<1 << 17).map { hash(name($0).span) }

  /// Pairs of names that have the same hash.
  private static let pairs: [(Int, Int)] = {
    var names: [UInt32: Int] = [:]
    return hashes.enumerated().compactMap { number, hash in
      names.updateValue(number, forKey: hash).map { ($0, number) }
    }
  }()

  @Test("may lie in one leaf or in two", arguments: [0, 13, 14, 15, 28, 29, 30], [0, 1])
  func equalHashesAreFound(smallerCount: Int, pairNumber: Int) throws {
    try #require(Self.pairs.count > pairNumber)
    let pair = Self.pairs[pairNumber]
    let hash = Self.hashes[pair.0]
    let others = Self.hashes.indices.filter { ![pair.0, pair.1].contains($0) }
    let smaller = others.filter { Self.hashes[$0] < hash }.prefix(smallerCount)
    let larger = others.filter { Self.hashes[$0] > hash }.prefix(50)
    try #require(smaller.count == smallerCount)

    let directory = try TemporaryDirectory()
    for number in [pair.0, pair.1] + smaller + larger {
      try (RawPath(directory.path) / Self.name(number)).write()
    }
    let tree = try TreeScanner.scan(
      directory.path,
      descriptors: DescriptorCache(capacity: 8)
    )
    var identity = FilesystemIdentity(of: tree, Format(.ext2), label: "")
    identity.hashSeed = Self.hashSeed
    let catalog = Catalog(tree, Format(.ext2), identity)
    guard case .indexed(let index) = catalog.plan(.node(0)),
      case .root(let children) = index.block(0)
    else {
      Issue.record("there is no index")
      return
    }
    // A leaf of 15 such names has room for lost+found too.
    let continued = (1..<children.count).filter { index.hash(ofChild: $0, in: children) & 1 == 1 }
    #expect(continued == (smallerCount % 15 == 14 ? [smallerCount / 15 + 1] : []))

    for type in FilesystemType.allCases {
      let formatter = Formatter(
        label: "",
        catalog: Catalog(tree, Format(type), identity),
        identity: identity,
        time: 1,
        spareInodeCount: nil,
        reserved: .none
      )
      try check(try formatter.make(.automatic).disk)
    }
  }
}
