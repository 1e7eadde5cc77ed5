import DiskModel
import FileTree
import Foundation
import TestSupport
import Testing

/// Ways in which a file is no longer the one that was scanned.
enum Violation: CaseIterable {
  case truncated, emptied, appended, rewritten, rewrittenUnnoticed, replaced, replacedByEqual
  case deleted, replacedByLink, replacedByFIFO, replacedByDirectory, replacedBySocket
  case parentReplacedByLink, parentGone, attributesChanged, linked

  /// Whether a file that is open is not touched at all.
  var sparesTheOpenFile: Bool { self == .parentReplacedByLink || self == .parentGone }

  func apply(to file: String, in parent: String) throws {
    let bytes = SealTests.bytes
    switch self {
    case .truncated: try Host.check(unsafe truncate(file, 4096), "truncate")
    case .emptied: try Host.check(unsafe truncate(file, 0), "truncate")
    case .appended: try Host.write(file, bytes + [1])
    case .rewritten: try Host.write(file, bytes.reversed())
    case .rewrittenUnnoticed:
      let time = try Host.status(file).st_mtim
      try Host.write(file, bytes.reversed())
      try Host.setModified(
        file,
        Timestamp(seconds: Int64(time.tv_sec), nanoseconds: UInt32(time.tv_nsec))
      )
    case .replaced, .replacedByEqual:
      try Host.write(file + ".new", self == .replaced ? bytes.reversed() : bytes)
      try Host.move(file + ".new", to: file)
    case .deleted: try Host.remove(file)
    case .replacedByLink, .replacedByFIFO, .replacedByDirectory, .replacedBySocket:
      // Made before the file is removed, so that it cannot have its number.
      let new = file + ".new"
      switch self {
      case .replacedByLink: try Host.link(new, to: "other")
      case .replacedByFIFO: try Host.makeFIFO(new)
      case .replacedByDirectory: try Host.makeDirectory(new)
      default: try Host.makeSocket(new)
      }
      try Host.write(parent + "/other", bytes)
      try Host.remove(file)
      try Host.move(new, to: file)
    case .parentReplacedByLink:
      try Host.move(parent, to: parent + ".moved")
      try Host.link(parent, to: parent + ".moved")
    case .parentGone: try Host.move(parent, to: parent + ".moved")
    case .attributesChanged: try Host.setMode(file, 0o600)
    case .linked: try Host.hardLink(file + ".linked", to: file)
    }
  }
}

@Suite(.timeLimit(.minutes(30)))
struct SealTests {
  static let bytes = PatternSource.bytes(0..<20_000)

  /// Waits until a change can be told from those before it.
  private static func waitForTheClock(in directory: TemporaryDirectory, after path: String) throws {
    let start = try Host.changeTime(path)
    repeat {
      try Host.write(directory("clock"), [1])
    } while try Host.changeTime(directory("clock")) <= start
  }

  @Test(arguments: Violation.allCases, [false, true])
  func aChangedFileIsNotRead(violation: Violation, isOpen: Bool) throws {
    let directory = try TemporaryDirectory()
    let (parent, path) = (directory("parent"), directory("parent/file"))
    try Host.makeDirectory(parent)
    try Host.write(path, Self.bytes)
    let tree = try TreeScanner.scan(directory.path)
    let disk = try tree.disk("parent/file")
    if isOpen { #expect(try disk.bytes(5..<10) == Array(Self.bytes[5..<10])) }
    try Self.waitForTheClock(in: directory, after: path)
    try violation.apply(to: path, in: parent)
    if isOpen && violation.sparesTheOpenFile {
      #expect(try disk.bytes(0..<20_000) == Self.bytes)
      return
    }
    for range in [0..<1, 100..<5000, 19_999..<20_000, 0..<20_000] {
      let failure = try #require(throws: ReadFailure.self) { try disk.bytes(range) }
      #expect(failure.subject == path)
      #expect(failure.offset == range.lowerBound)
      // Without waiting there is nothing, or the same failure.
      let isRead = (try? isReadWithoutWaiting(range, of: disk)) ?? false
      #expect(!isRead)
    }
  }

  @Test(arguments: [
    (Violation.truncated, "size changed from 20000 to 4096"),
    (.appended, "size changed from 20000 to 20001"), (.rewritten, "was modified"),
    (.rewrittenUnnoticed, "attributes changed"), (.replaced, "another file has taken its place"),
    (.deleted, "gone"), (.replacedByLink, "symbolic link"), (.parentGone, "gone"),
    (.parentReplacedByLink, "symbolic link"), (.attributesChanged, "attributes changed"),
    (.replacedBySocket, "another file has taken its place"),
    (.replacedByFIFO, "another file has taken its place"),
    (.replacedByDirectory, "another file has taken its place"),
  ])
  func theCauseIsNamed(violation: Violation, words: String) throws {
    let directory = try TemporaryDirectory()
    let (parent, path) = (directory("parent"), directory("parent/file"))
    try Host.makeDirectory(parent)
    try Host.write(path, Self.bytes)
    let tree = try TreeScanner.scan(directory.path)
    try Self.waitForTheClock(in: directory, after: path)
    try violation.apply(to: path, in: parent)
    let failure = try #require(throws: ReadFailure.self) {
      try tree.disk("parent/file").bytes(0..<10)
    }
    #expect(failure.cause.contains(words), "\(failure)")
  }

  @Test func otherFilesAreStillRead() throws {
    let directory = try TemporaryDirectory()
    try Host.write(directory("changed"), Self.bytes)
    try Host.write(directory("same"), Self.bytes)
    let tree = try TreeScanner.scan(directory.path)
    try Host.write(directory("changed"), [])
    #expect(throws: ReadFailure.self) { try tree.disk("changed").bytes(0..<1) }
    try checkConformance(of: tree.disk("same"), bytes: Self.bytes, seed: 1)
  }

  private static let serving = {
    var options = ScanOptions()
    options.changePolicy = .serve
    return options
  }()

  @Test(arguments: [Violation.truncated, .appended, .rewritten, .replaced, .attributesChanged])
  func changedFilesAreServedIfThatIsWanted(violation: Violation) throws {
    for isOpen in [false, true] {
      let directory = try TemporaryDirectory()
      let (parent, path) = (directory("parent"), directory("parent/file"))
      try Host.makeDirectory(parent)
      try Host.write(path, Self.bytes)
      let tree = try TreeScanner.scan(
        directory.path,
        descriptors: DescriptorCache(capacity: 4),
        options: Self.serving
      )
      let disk = try tree.disk("parent/file")
      if isOpen { _ = try disk.bytes(0..<10) }
      try violation.apply(to: path, in: parent)
      let isOld = isOpen && violation == .replaced
      let now = isOld ? Self.bytes : Array(try Data(contentsOf: URL(fileURLWithPath: path)))
      let zeros = [UInt8](repeating: 0, count: max(0, Self.bytes.count - now.count))
      #expect(try disk.bytes(0..<20_000) == Array((now + zeros)[..<20_000]))
    }
  }

  @Test(arguments: [Violation.deleted, .replacedByLink, .replacedByFIFO, .replacedByDirectory])
  func whatIsNoFileIsNeverServed(violation: Violation) throws {
    let directory = try TemporaryDirectory()
    let (parent, path) = (directory("parent"), directory("parent/file"))
    try Host.makeDirectory(parent)
    try Host.write(path, Self.bytes)
    let tree = try TreeScanner.scan(
      directory.path,
      descriptors: DescriptorCache(capacity: 4),
      options: Self.serving
    )
    try violation.apply(to: path, in: parent)
    #expect(throws: ReadFailure.self) { try tree.disk("parent/file").bytes(0..<10) }
  }

  /// The kernel's clock for files goes in steps of up to 10 ms: who scans at once must
  /// notice a change at once.
  @Test func aChangeRightAfterTheScanIsNoticed() throws {
    let directory = try TemporaryDirectory()
    for number in 0..<50 {
      let path = directory("file\(number)")
      try Host.write(path, Self.bytes)
      let tree = try TreeScanner.scan(directory.path)
      try Host.write(path, Self.bytes.reversed())
      #expect(throws: ReadFailure.self) { try tree.disk("file\(number)").bytes(0..<10) }
    }
  }

  /// The root is open: it may be moved while its files are read.
  @Test func theRootMayBeMoved() throws {
    let directory = try TemporaryDirectory()
    try Host.makeDirectory(directory("root"))
    try Host.write(directory("root/file"), Self.bytes)
    let tree = try TreeScanner.scan(directory("root"))
    try Host.move(directory("root"), to: directory("moved"))
    try checkConformance(of: tree.disk("file"), bytes: Self.bytes, seed: 1)
  }

  @Test func aTreeThatNobodyNeedsIsClosed() throws {
    let directory = try TemporaryDirectory()
    try Host.write(directory("file"), Self.bytes)
    weak var leaked: Tree?
    do {
      let tree = try TreeScanner.scan(directory.path)
      leaked = tree
      _ = try tree.disk("file").bytes(0..<10)
    }
    #expect(leaked == nil)
    #expect(try openDescriptorCount(below: directory.path) == 0)
  }
}
