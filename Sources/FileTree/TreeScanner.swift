import CHost
package import DiskModel
import SystemPackage

/// Walks a directory of the host and makes a tree of it.
///
/// Directories are listed by a ``ScanPool``; this puts the listings together, depth
/// first. Neither the depth of the tree nor the length of its paths is limited.
package struct TreeScanner {
  private var parts = TreeParts()
  private var linkedNodes: [FileNumber: UInt32] = [:]
  private var problems: [(parent: Int, name: Range<Int>, cause: String)] = []
  private var problemCount = 0
  private let options: ScanOptions

  /// A file's number on the host, to recognise hard links by.
  private struct FileNumber: Hashable {
    var device: UInt64
    var inode: UInt64
  }

  /// A directory whose files are in the tree, and those that are not yet.
  private struct Level {
    var directory: ScannedDirectory
    /// The directories in it with their nodes, the next one last.
    var subdirectories: [(node: Int, directory: ScannedDirectory)]
  }

  /// Scans the directory at `path`.
  ///
  /// - Parameters:
  ///   - path: A directory; symbolic links that lead to it are followed.
  ///   - descriptors: Keeps the tree's files open while they are served.
  ///   - options: How it is scanned.
  /// - Returns: The tree.
  /// - Throws: ``ScanFailure`` with everything that could not be read.
  package static func scan(
    _ path: String,
    descriptors: DescriptorCache,
    options: ScanOptions = ScanOptions()
  ) throws(ScanFailure) -> Tree {
    var scanner = TreeScanner(options)
    let root: CInt
    do throws(Errno) {
      root = try HostCall.check(unsafe host_open_path(path, 1))
    } catch {
      throw ScanFailure([.init(path: HostPath.printable(path.utf8), cause: error.description)])
    }
    scanner.scan(root)
    scanner.waitForTheClock()
    let directory = HostDirectory(
      scanner.parts,
      root: root,
      rootPath: path,
      descriptors: descriptors,
      changePolicy: options.changePolicy
    )
    let tree = Tree(scanner.parts, stores: [directory], notes: scanner.parts.notes)
    guard scanner.problems.isEmpty else { throw scanner.failure(of: tree) }
    if options.snapshot != .none {
      let (store, notes) = try Snapshot.take(of: scanner.parts, in: directory, options.snapshot)
      return Tree(scanner.parts, stores: [store], notes: tree.notes + notes)
    }
    return tree
  }

  private init(_ options: ScanOptions) {
    self.options = options
  }

  private func failure(of tree: Tree) -> ScanFailure {
    let named = problems.map { problem in
      let path = tree.path(of: problem.parent)
      if problem.name.isEmpty { return ScanFailure.Problem(path: path, cause: problem.cause) }
      let separator = path.hasSuffix("/") ? "" : "/"
      let name = HostPath.printable(tree.text[problem.name])
      return ScanFailure.Problem(path: path + separator + name, cause: problem.cause)
    }
    return ScanFailure(problems: named, problemCount: problemCount)
  }

  private mutating func report(_ cause: String, name: Range<Int>, in parent: Int) {
    problemCount += 1
    if problems.count < ScanFailure.problemLimit { problems.append((parent, name, cause)) }
  }

  /// Longest wait for the clock of files' times, in milliseconds: a few of its steps
  /// (jiffies, of up to 10 ms).
  private static let clockLimit: Int64 = 40

  /// Waits until a file that changes from now on has another time of change than it
  /// had at the scan: the kernel's clock for files goes in steps.
  private func waitForTheClock() {
    let newest = parts.identities.reduce(Timestamp(seconds: 0)) { max($0, $1.changed) }
    for _ in 0..<Self.clockLimit {
      let now = host_file_clock()
      let (seconds, rest) = now.quotientAndRemainder(dividingBy: 1_000_000_000)
      if newest < Timestamp(seconds: seconds, nanoseconds: UInt32(rest)) { return }
      host_sleep_milliseconds(1)
    }
  }

  /// Scans an open directory, which stays open.
  private mutating func scan(_ root: CInt) {
    let directory: ScannedDirectory
    do throws(Errno) {
      let status = try HostCall.status(of: root)
      directory = ScannedDirectory(
        parent: nil,
        name: [],
        identity: TreeParts.HostIdentity(status),
        descriptor: root
      )
      var lister = DirectoryLister(directory, options: options, checksReadability: false)
      var node = Node(status, kind: .directory)
      try lister.findAttributes(of: &node, name: 0..<0, in: root)
      parts.nodes.append(node)
      parts.identities.append(directory.identity)
      add(lister.chunk, to: 0)
      parts.nodes[0].attributes = take(node.attributes, of: lister.chunk.parts)
    } catch {
      if parts.nodes.isEmpty { parts.nodes.append(Node(kind: .directory, permissions: 0)) }
      if parts.identities.isEmpty {
        parts.identities.append(.init(device: 0, inode: 0, changed: Timestamp(seconds: 0)))
      }
      return report(error.description, name: 0..<0, in: 0)
    }
    let pool = ScanPool(options)
    pool.start(directory)
    walk(from: directory, pool)
    pool.end()
  }

  private mutating func walk(from root: ScannedDirectory, _ pool: ScanPool) {
    var levels = [enter(root, node: 0, pool)]
    while var level = levels.popLast() {
      guard let (node, directory) = level.subdirectories.popLast() else { continue }
      levels.append(level)
      levels.append(enter(directory, node: node, pool))
    }
  }

  /// Adds what is in a directory.
  private mutating func enter(
    _ directory: ScannedDirectory,
    node: Int,
    _ pool: ScanPool
  ) -> Level {
    pool.finish(directory)
    let first = parts.entries.count
    var subdirectories: [(node: Int, directory: ScannedDirectory)] = []
    switch directory.failure {
    case .vanished:
      // It was there when it was listed, and is served as it ended: empty.
      parts.vanishedCount += 1
    case .cause(let cause):
      report(cause, name: 0..<0, in: node)
    case nil:
      for chunk in directory.takeChunks() {
        let start = parts.entries.count
        add(chunk, to: node)
        for (entry, directory) in chunk.subdirectories {
          subdirectories.append((Int(parts.entries[start + entry].node), directory))
        }
      }
    }
    parts.nodes[node].content = .children(
      first: UInt32(first),
      count: UInt32(parts.entries.count - first)
    )
    options.progress(parts.nodes.count)
    return Level(directory: directory, subdirectories: subdirectories.reversed())
  }

  /// Adds a piece of a directory's listing.
  private mutating func add(_ chunk: ScannedChunk, to parent: Int) {
    let textStart = parts.text.count
    let rangesStart = UInt32(parts.dataRanges.count)
    parts.text += chunk.parts.text
    parts.dataRanges += chunk.parts.dataRanges
    parts.vanishedCount += chunk.parts.vanishedCount
    parts.foreignAttribute = chunk.parts.foreignAttribute ?? parts.foreignAttribute
    for (name, cause) in chunk.problems {
      report(cause, name: name.lowerBound + textStart..<name.upperBound + textStart, in: parent)
    }
    problemCount += chunk.problemCount - chunk.problems.count
    for (index, var entry) in chunk.parts.entries.enumerated() {
      var node = chunk.parts.nodes[index]
      let identity = chunk.parts.identities[index]
      entry.textOffset += textStart
      let number = FileNumber(device: identity.device, inode: identity.inode)
      let mayHaveLinks = node.kind != .directory && node.linkCount > 1
      if mayHaveLinks, let linked = linkedNodes[number] {
        parts.nodes[Int(linked)].linkCount += 1
        entry.node = linked
        parts.entries.append(entry)
        continue
      }
      entry.node = UInt32(parts.nodes.count)
      if mayHaveLinks { linkedNodes[number] = entry.node }
      node.linkCount = 1
      node.entry = UInt32(parts.entries.count)
      node.parent = UInt32(parent)
      node.attributes = take(node.attributes, of: chunk.parts)
      switch node.content {
      case .sparse(let first, let count):
        node.content = .sparse(first: first + rangesStart, count: count)
      case .text(let offset):
        node.content = .text(offset: offset + textStart)
      case .none, .dense, .children:
        break
      }
      parts.entries.append(entry)
      parts.nodes.append(node)
      parts.identities.append(identity)
    }
  }

  /// The number of a set of attributes of a piece.
  private mutating func take(_ number: UInt32, of piece: TreeParts) -> UInt32 {
    number == 0 ? 0 : parts.index(of: piece.attributeSets[Int(number)])
  }
}
