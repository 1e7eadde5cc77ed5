import DiskModel
import FileTree
import Foundation
import TestSupport
import Testing

/// What is wrong with the directory at `path`.
private func scanFailure(of path: String) -> ScanFailure? {
  do throws(ScanFailure) {
    _ = try TreeScanner.scan(path)
    return nil
  } catch {
    return error
  }
}

/// The path and the cause of everything that is wrong.
private func problems(of path: String) -> [[String]] {
  scanFailure(of: path)?.problems.map { [$0.path, $0.cause] } ?? []
}

/// Makes sure that permissions count; they do so for all threads, so only a process
/// that is made for one test may do it.
private func becomeNobody() { if geteuid() == 0 { _ = seteuid(65534) } }

/// Takes the rights back, without which LeakSanitizer cannot look at the process.
private func becomeOneself() { _ = seteuid(getuid()) }

struct ScanFailureTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  @Test func aMissingRootIsNamed() {
    let path = directory("missing")
    let expected = [[path, "No such file or directory"]]
    #expect(problems(of: path) == expected)
  }

  @Test func aRootThatIsAFileIsNamed() throws {
    try Host.write(directory("file"))
    let expected = [[directory("file"), "Not a directory"]]
    #expect(problems(of: directory("file")) == expected)
  }

  /// A fifo nobody writes to is not waited for.
  @Test(.timeLimit(.minutes(30)))
  func aRootThatIsAFIFOIsNamed() throws {
    try Host.makeFIFO(directory("fifo"))
    #expect(scanFailure(of: directory("fifo"))?.problemCount == 1)
  }

  @Test func aFailureLeavesNothingOpen() async throws {
    let path = directory.path
    await #expect(processExitsWith: .success) { [path = path as String] in
      try Host.write(path + "/secret")
      try Host.setMode(path + "/secret", 0)
      becomeNobody()
      defer { becomeOneself() }
      #expect(scanFailure(of: path)?.problemCount == 1)
      #expect(scanFailure(of: path + "/secret")?.problemCount == 1)
      #expect(try openDescriptorCount(below: path) == 0)
    }
  }

  @Test func aSymbolicLinkToTheRootIsFollowed() throws {
    try Host.makeDirectory(directory("real"))
    try Host.write(directory("real/file"), [1, 2])
    try Host.link(directory("link"), to: "real")
    let tree = try TreeScanner.scan(directory("link"))
    #expect(tree.nameStrings() == ["file"])
    #expect(tree.path(of: 1) == directory("link/file"))
    #expect(try tree.disk("file").bytes(0..<2) == [1, 2])
  }

  @Test func everythingUnreadableIsReportedAtOnce() async throws {
    try Host.makeDirectory(directory("a"))
    try Host.write(directory("a/good"), [1])
    try Host.write(directory("a/secret"), [1])
    try Host.write(directory("a/sparse"), [], size: 1 << 20)
    for name in ["secret", "sparse"] { try Host.setMode(directory("a/\(name)"), 0) }
    // Its holder may not read it, others may: that depends on who asks.
    try Host.write(directory("a/write-only"), [1])
    try Host.setMode(directory("a/write-only"), 0o222)
    try Host.link(directory("a/link"), to: "secret")
    for name in ["closed", "listable"] {
      try Host.makeDirectory(directory(name))
      try Host.write(directory("\(name)/one"), [1])
      try Host.write(directory("\(name)/two"), [1])
    }
    try Host.setMode(directory("closed"), 0)
    try Host.setMode(directory("listable"), 0o444)
    let path = directory.path
    await #expect(processExitsWith: .success) { [path = path as String] in
      becomeNobody()
      defer { becomeOneself() }
      let failure = try #require(scanFailure(of: path))
      #expect(failure.problemCount == 5)
      let paths = failure.problems.map(\.path).sorted()
      let names = ["a/secret", "a/sparse", "a/write-only", "closed", "listable"]
      #expect(paths == names.map { path + "/" + $0 })
      #expect(failure.problems.allSatisfy { $0.cause.hasSuffix("Permission denied") })
    }
  }

  @Test func anUnlistableRootIsNamed() async throws {
    let path = directory("root")
    try Host.makeDirectory(path)
    try Host.setMode(path, 0o111)
    await #expect(processExitsWith: .success) { [path = path as String] in
      becomeNobody()
      defer { becomeOneself() }
      let expected = [[path, "Permission denied"]]
      #expect(problems(of: path) == expected)
    }
  }

  @Test func onlySoManyProblemsAreKept() async throws {
    for index in 0..<1200 {
      try Host.write(directory("\(index)"))
      try Host.setMode(directory("\(index)"), 0)
    }
    let path = directory.path
    await #expect(processExitsWith: .success) { [path = path as String] in
      becomeNobody()
      defer { becomeOneself() }
      let failure = try #require(scanFailure(of: path))
      #expect(failure.problemCount == 1200)
      #expect(failure.problems.count == 1000)
    }
  }
}
