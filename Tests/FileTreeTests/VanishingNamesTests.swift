import FileTree
import Foundation
import Synchronization
import TestSupport
import Testing

/// Creates and removes names in a directory until it is told to stop.
private final class Churn: Sendable {
  enum Kind: CaseIterable {
    case file, sparseFile, link
  }

  private let isDone = Atomic(false)
  private let worker = DispatchGroup()

  func start(_ kind: Kind, in directory: String) {
    DispatchQueue.global().async(group: worker) { [self] in
      var round = 0
      while !isDone.load(ordering: .relaxed) {
        let name = "\(directory)/\(round % 4)"
        switch kind {
        case .file: try? Host.write(name, [1])
        case .sparseFile: try? Host.write(name, [], size: 1 << 20)
        case .link: try? Host.link(name, to: "target")
        }
        try? Host.remove(name)
        round += 1
      }
    }
  }

  func stop() {
    isDone.store(true, ordering: .relaxed)
    worker.wait()
  }
}

/// Names that disappear while a tree is scanned are left out of it.
struct VanishingNamesTests {
  /// The descriptor that this directory is listed with is in the list, and
  /// closed before anybody looks at it.
  @Test func aNameThatVanishedIsCounted() throws {
    let tree = try TreeScanner.scan("/proc/self/fdinfo")
    #expect(tree.vanishedCount >= 1)
    #expect(tree.nodes.count >= 2)
  }

  @Test(.timeLimit(.minutes(30)), arguments: Churn.Kind.allCases)
  private func namesMayVanishAtAnyTime(kind: Churn.Kind) throws {
    let directory = try TemporaryDirectory()
    try Host.write(directory("stable"), [1])
    let churn = Churn()
    churn.start(kind, in: directory.path)
    defer { churn.stop() }
    for _ in 0..<3000 {
      let tree = try TreeScanner.scan(directory.path)
      #expect(tree.nameStrings().contains("stable"))
      #expect(tree.nodes.count == tree.entries.count + 1)
    }
  }
}
