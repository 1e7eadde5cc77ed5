import CHost
package import DiskModel
import SystemPackage

/// Walks a directory of the host and makes a tree of it.
///
/// The walk is depth-first with a stack of its own: neither the depth of the
/// tree nor the length of its paths is limited.
package struct TreeScanner {
  /// How many directories are kept open during the walk.
  private static let openLimit = 128

  var parts = TreeParts()
  var linkedNodes: [FileNumber: UInt32] = [:]
  private var problems: [(parent: Int, name: Range<Int>, cause: String)] = []
  private var problemCount = 0
  let checksReadability: Bool
  let readsAttributes: Bool
  let filter: PathFilter

  /// A file's number on the host, to recognise hard links by.
  struct FileNumber: Hashable {
    var device: UInt64
    var inode: UInt64
  }

  /// Scans the directory at `path`.
  ///
  /// - Parameters:
  ///   - path: A directory; symbolic links that lead to it are followed.
  ///   - descriptors: Keeps the tree's files open while they are served.
  ///   - readsAttributes: Whether files have their extended attributes.
  ///   - changePolicy: What becomes of files that change after the scan.
  ///   - snapshot: Whether files are cloned, so that it does not matter if they change.
  ///   - filter: What is left out; nothing of it is opened.
  /// - Returns: The tree.
  /// - Throws: ``ScanFailure`` with everything that could not be read.
  package static func scan(
    _ path: String,
    descriptors: DescriptorCache,
    readsAttributes: Bool = true,
    changePolicy: ChangePolicy = .error,
    snapshot: SnapshotPolicy = .none,
    filter: PathFilter = PathFilter()
  ) throws(ScanFailure) -> Tree {
    var scanner = TreeScanner(readsAttributes: readsAttributes, filter: filter)
    let root: CInt
    do throws(Errno) {
      root = try scanner.openRoot(path)
    } catch {
      throw ScanFailure(
        problems: [.init(path: HostPath.printable(path.utf8), cause: error.description)],
        problemCount: 1
      )
    }
    scanner.walk(from: root)
    scanner.waitForTheClock()
    let problems = scanner.problems
    let problemCount = scanner.problemCount
    let directory = HostDirectory(
      scanner.parts,
      root: root,
      rootPath: path,
      descriptors: descriptors,
      changePolicy: changePolicy
    )
    let tree = Tree(scanner.parts, stores: [directory], notes: scanner.parts.notes)
    guard problems.isEmpty else {
      let named = problems.map { problem in
        if problem.name.isEmpty {
          return ScanFailure.Problem(path: tree.path(of: problem.parent), cause: problem.cause)
        }
        let separator = tree.path(of: problem.parent).hasSuffix("/") ? "" : "/"
        let name = HostPath.printable(tree.text[problem.name])
        let path = tree.path(of: problem.parent) + separator + name
        return ScanFailure.Problem(path: path, cause: problem.cause)
      }
      throw ScanFailure(problems: named, problemCount: problemCount)
    }
    if snapshot != .none {
      let (store, notes) = try Snapshot.take(of: scanner.parts, in: directory, snapshot)
      return Tree(scanner.parts, stores: [store], notes: tree.notes + notes)
    }
    return tree
  }

  private init(readsAttributes: Bool, filter: PathFilter) {
    self.readsAttributes = readsAttributes
    self.filter = filter
    checksReadability = host_reads_everything() == 0
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

  /// Opens the root and makes it node 0.
  private mutating func openRoot(_ path: String) throws(Errno) -> CInt {
    let descriptor = try HostCall.check(unsafe host_open_path(path, 1))
    do throws(Errno) {
      let status = try HostCall.status(of: descriptor)
      var node = Node(status, kind: .directory)
      try findAttributes(of: &node, name: 0..<0, in: descriptor, parent: 0)
      parts.nodes.append(node)
      parts.identities.append(TreeParts.HostIdentity(status))
      return descriptor
    } catch {
      host_close(descriptor)
      throw error
    }
  }

  mutating func report(_ cause: String, name: Range<Int>, in parent: Int) {
    problemCount += 1
    if problems.count < ScanFailure.problemLimit { problems.append((parent, name, cause)) }
  }

  private mutating func walk(from root: CInt) {
    var stack = DirectoryStack(root: root, openLimit: Self.openLimit)
    list(root, node: 0)
    var remaining = [parts.nodes[0].children]
    while var entries = remaining.popLast() {
      guard let index = entries.popFirst() else {
        leave(&stack, remaining: &remaining)
        continue
      }
      remaining.append(entries)
      let entry = parts.entries[index]
      guard parts.nodes[Int(entry.node)].kind == .directory else { continue }
      guard let descriptor = enter(entry, from: stack.top) else { continue }
      list(descriptor, node: Int(entry.node))
      stack.push(descriptor)
      remaining.append(parts.nodes[Int(entry.node)].children)
    }
  }

  /// Goes back to the directory above; a directory that was moved meanwhile
  /// ends the walk of the one above.
  private mutating func leave(_ stack: inout DirectoryStack, remaining: inout [Range<Int>]) {
    guard let parentEntries = remaining.last else { return }
    let error = stack.pop()
    guard let error, let next = parentEntries.first else { return }
    let parent = Int(parts.nodes[Int(parts.entries[next].node)].parent)
    report("the directory moved during the scan: \(error.description)", name: 0..<0, in: parent)
    remaining[remaining.count - 1] = parentEntries.upperBound..<parentEntries.upperBound
  }

  /// Opens a subdirectory, and makes sure that it is the one that was listed.
  private mutating func enter(_ entry: Entry, from directory: CInt) -> CInt? {
    let node = parts.nodes[Int(entry.node)]
    let identity = parts.identities[Int(entry.node)]
    let name = entry.textOffset..<entry.textOffset + Int(entry.nameLength)
    do throws(Errno) {
      let opened = unsafe withName(at: entry.textOffset) {
        unsafe host_open_directory_at(directory, $0)
      }
      let descriptor = try HostCall.check(opened)
      let status = try HostCall.status(of: descriptor)
      if status.device == identity.device && status.inode == identity.inode { return descriptor }
      host_close(descriptor)
      report("the directory was replaced during the scan", name: name, in: Int(node.parent))
    } catch .noSuchFileOrDirectory {
      // It was there when it was listed, and is served as it ended: empty.
      parts.vanishedCount += 1
      parts.nodes[Int(entry.node)].content = .children(first: 0, count: 0)
    } catch {
      report(error.description, name: name, in: Int(node.parent))
    }
    return nil
  }

  /// Calls `body` with the zero-terminated name in the text.
  func withName<Result>(at offset: Int, _ body: (UnsafePointer<CChar>?) -> Result) -> Result {
    unsafe parts.text.withUnsafeBytes { bytes in
      let start = unsafe bytes.baseAddress?.advanced(by: offset)
      return unsafe body(start?.assumingMemoryBound(to: CChar.self))
    }
  }
}
