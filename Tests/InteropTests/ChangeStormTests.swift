import Foundation
import TestSupport
import Testing

/// Clients that read files while these change in every way there is: no reply ever
/// has bytes that were not in the file when the disk was built.
@ClientThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct ChangeStormTests {
  /// Rounds, each with a new tree and a new server.
  nonisolated static let rounds = 5
  /// Changes in a round, each of another file or directory.
  static let changesPerRound = 2000
  /// Files that do not change.
  static let survivors = 200

  @Test("10,000 random changes, and never a wrong byte", arguments: 0..<rounds)
  func storm(_ round: Int) throws {
    let seed = UInt64(0xC4A9 + round)
    let scene = try ChangeScene(
      files: Self.changesPerRound + Self.survivors,
      seed: seed,
      directory: TemporaryDirectory()
    )
    let server = try NbdgenProcess(["linuxdisk", "\(scene.root)"])
    let readers = try (0..<3).map {
      try ChangeReader(scene, server, seed: seed &+ UInt64(100 + $0))
    }
    let queue = DispatchQueue(label: "storm", attributes: .concurrent)
    let group = DispatchGroup()
    for reader in readers { queue.async(group: group) { reader.run() } }
    var random = SeededGenerator(seed: seed &+ 1)
    for (number, index) in (0..<Self.changesPerRound).shuffled(using: &random).enumerated() {
      let kind = ChangeScene.Kind.allCases.randomElement(using: &random) ?? .truncation
      try scene.change(index, kind, &random)
      // Now and then the readers get ahead.
      if number.isMultiple(of: 50) { usleep(2000) }
    }
    for reader in readers { reader.finish() }
    group.wait()
    for reader in readers { #expect(reader.violation == nil) }
    #expect(readers.allSatisfy { $0.readCount > 100 })

    // What changed cannot be read, by a client that comes now; the rest can.
    let client = try NBDTestClient.connect(server.endpoint())
    for (index, file) in scene.files.enumerated() {
      let length = UInt32(file.content.count)
      if index >= Self.changesPerRound {
        #expect(try client.read(offset: file.offset, length: length).bytes == file.content)
      } else {
        let failure = #expect(throws: RequestFailed.self, "\(file.path)") {
          try client.read(offset: file.offset, length: length)
        }
        #expect(failure?.code == NBD.ErrorNumber.eio)
      }
    }
    #expect(try server.stop() == 0)
    let log = try server.log()
    let lines = Set(log)
    #expect(lines.count == log.count, "a file is in the log twice")
  }
}

/// A tree of files that change.
final class ChangeScene: Sendable {
  let root: RawPath
  let files: [File]
  private let directory: TemporaryDirectory

  struct File: Sendable {
    let path: RawPath
    let content: [UInt8]
    /// Where it is on the disk, in bytes.
    var offset: UInt64 = 0
  }

  /// What can happen to a file.
  enum Kind: CaseIterable {
    case truncation, emptying, growth, rewriting, partialRewriting, hiddenRewriting, replacement
    case equalReplacement, removal, renaming, symbolicLink, fifo, directory, attributes
  }

  /// Makes files of 16 bytes to 40 KiB, and finds out where the disk has them.
  init(files count: Int, seed: UInt64, directory: TemporaryDirectory) throws {
    self.directory = directory
    root = RawPath(directory("root"))
    try root.makeDirectory()
    var random = SeededGenerator(seed: seed)
    var files: [File] = []
    for number in 0..<count {
      let folder = root / "\(number / 100)"
      if number.isMultiple(of: 100) { try folder.makeDirectory() }
      let content = random.bytes(16 + random.anyMagnitude(below: 40_000))
      let file = File(path: folder / "\(number)", content: content)
      try file.path.write(content)
      files.append(file)
    }
    let image = try PartitionImage(of: root)
    let disk = try Data(contentsOf: URL(fileURLWithPath: image.disk))
    // Each starts with random bytes, and on a block of its own.
    var starts: [Data: UInt64] = [:]
    for block in stride(from: 0, to: disk.count - 16, by: 4096) {
      starts[disk[block..<block + 16]] = UInt64(block)
    }
    for index in files.indices {
      files[index].offset = try #require(starts[Data(files[index].content[..<16])])
    }
    self.files = files
  }

  /// Changes a file.
  func change(_ index: Int, _ kind: Kind, _ random: inout SeededGenerator) throws {
    let file = files[index]
    let aside = RawPath("\(file.path).aside")
    let other = random.bytes(file.content.count)
    switch kind {
    case .truncation: try file.path.truncate(to: Int.random(in: 0..<other.count, using: &random))
    case .emptying: try file.path.truncate(to: 0)
    case .growth: try file.path.append([7])
    case .rewriting: try file.path.write(other)
    case .partialRewriting: try file.path.write([(other.count / 2, [0, 0, 0])], size: other.count)
    case .hiddenRewriting:
      let facts = try file.path.facts()
      try file.path.write(other)
      try file.path.setModified(facts.seconds, facts.nanoseconds)
    case .replacement, .equalReplacement:
      try aside.write(kind == .replacement ? other : file.content)
      try aside.rename(to: file.path)
    case .removal: try file.path.remove()
    case .renaming: try file.path.rename(to: aside)
    case .symbolicLink:
      try file.path.rename(to: aside)
      try aside.write(other)
      try file.path.makeSymbolicLink(to: aside.bytes)
    case .fifo:
      try file.path.remove()
      try file.path.makeNode(0o010644)
    case .directory:
      try file.path.remove()
      try file.path.makeDirectory()
    case .attributes: try file.path.setPermissions(0o600)
    }
  }
}

/// Reads files over and over, and compares.
final class ChangeReader: @unchecked Sendable {
  private let scene: ChangeScene
  private let client: NBDTestClient
  private var random: SeededGenerator
  private let lock = NSLock()
  private var isFinished = false

  /// What was wrong; read when the reader is through.
  private(set) var violation: String?
  private(set) var readCount = 0

  init(_ scene: ChangeScene, _ server: NbdgenProcess, seed: UInt64) throws {
    self.scene = scene
    client = try NBDTestClient.connect(server.endpoint())
    random = SeededGenerator(seed: seed)
  }

  func finish() { lock.withLock { isFinished = true } }

  func run() {
    while violation == nil && !lock.withLock({ isFinished }) {
      guard let file = scene.files.randomElement(using: &random) else { return }
      let start = Int.random(in: 0..<file.content.count, using: &random)
      let count = Int.random(in: 1...file.content.count - start, using: &random)
      do {
        let offset = file.offset + UInt64(start)
        let bytes = try client.read(offset: offset, length: UInt32(count)).bytes
        if bytes != Array(file.content[start..<start + count]) {
          violation = "\(file.path): wrong bytes among \(count) from \(start) on"
        }
      } catch let failure as RequestFailed where failure.code == NBD.ErrorNumber.eio {
        // It changed.
      } catch {
        violation = "\(file.path): \(error)"
      }
      readCount += 1
    }
  }
}
