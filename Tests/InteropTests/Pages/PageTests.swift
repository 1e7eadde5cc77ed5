import Foundation
import TestSupport
import Testing

/// What the documentation shows is what happens: README.md, docs and the pages beside them.
@GuestThread
@Suite("The documentation", .tags(.interop), .timeLimit(.minutes(30)))
struct PageTests {
  nonisolated private static let top = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  /// All pages, those with nothing to run included.
  nonisolated private static let paths: [String] = {
    let names = (try? FileManager.default.subpathsOfDirectory(atPath: "\(top)/docs")) ?? []
    let pages = names.filter { $0.hasSuffix(".md") }.sorted().map { "docs/\($0)" }
    let beside = ["Benchmarks", "Examples", "Fuzz"].map { "\($0)/README.md" }
    return ["README.md"] + beside + pages
  }()

  /// Commands that are shown and not run here, by page and first line, and why.
  nonisolated private static let unrun: [String: String] = [
    "README.md: make demo": "CI runs it by itself",
    "README.md: make test": "is what runs this",
    "README.md: make build docs": "InstallTests install, into a directory of their own",
    "README.md: systemctl enable --now nbdgen@golden.socket":
      "needs systemd as process 1; UnitTests judge the units",
    "README.md: podman build -t nbdgen .": "needs a registry of images",
    "Benchmarks/README.md: make bench": "takes 20 minutes",
    "Benchmarks/README.md: make bench-record": "so does this",
    "Benchmarks/README.md: make bench BENCH_FLAGS='--only memory/unix/ --only jobs/start --runs 9'":
      "says nothing on a machine that runs tests",
    "Benchmarks/README.md: make bench-hostile": "neither does this",
    "Benchmarks/README.md: make cost": "is a part of make test",
    "Benchmarks/README.md: make cost COST_FLAGS=--record":
      "writes the record that make cost compares with",
    "Benchmarks/README.md: make profile CASE=memory/64": "shows what a person has to look at",
    "Examples/README.md: Examples/check": "GalleryTests run it",
    "Fuzz/README.md: make fuzz FUZZ_SECONDS=600": "takes an hour",
    "Fuzz/README.md: NBDGEN_FUZZ_COUNT=20000 NBDGEN_FUZZ_SEED=1000 swift test --filter disksAgree":
      "the test runs by itself, with other numbers",
    "docs/performance.md: make profile CASE=memory/64": "shows what a person has to look at",
    "docs/write-a-generator.md: swift build": "Examples/OwnGenerator/check does, which CI runs",
    "docs/write-a-generator.md: nbdcopy nbd://localhost - | head -n 2": "so does this",
    "docs/conformance.md: NBDGEN_RECORD=1 swift test --filter ConformanceTests":
      "writes the page anew; the tests themselves judge it",
  ]

  nonisolated private static func isSkipped(_ block: Page.Block, of path: String) -> Bool {
    unrun["\(path): \(block.title)"] != nil
  }

  @Test("The commands of a page do what it shows", arguments: paths)
  func run(_ path: String) throws {
    let page = try Page(path: path, below: Self.top)
    _ = try BootTests.guestDirectory.get()
    let run = try PageRun(page, top: Self.top) { Self.isSkipped($0, of: path) }
    for failure in run.failures { Issue.record("\(failure)") }
  }

  @Test("Every block is run, or is known not to be")
  func everythingIsRun() throws {
    var unused = Set(Self.unrun.keys)
    var count = 0
    for path in Self.paths {
      for block in try Page(path: path, below: Self.top).blocks {
        if unused.remove("\(path): \(block.title)") != nil { continue }
        switch block.kind {
        case .commands, .server: count += 1
        case .setup, .output, .file: break
        case .text:
          let isCommand = block.text.split(separator: "\n").contains { line in
            ["nbdgen ", "make ", "$ ", "qemu-", "nbd"].contains(where: line.hasPrefix)
          }
          #expect(!isCommand, "\(path):\(block.line): commands in a block that is not run")
        case .other(let kind):
          Issue.record("\(path):\(block.line): a block that is not run (\(kind)): \(block.title)")
        }
      }
    }
    #expect(unused.isEmpty, "not in the documentation any more")
    #expect(count > 40)
  }

  @Test("The files of the page about generators are those of the example")
  func exampleIsShown() throws {
    var count = 0
    for block in try Page(path: "docs/write-a-generator.md", below: Self.top).blocks {
      guard case .file(let name) = block.kind else { continue }
      count += 1
      let file = "\(Self.top)/Examples/OwnGenerator/\(name)"
      #expect(try String(contentsOfFile: file, encoding: .utf8) == block.text, "\(name)")
    }
    #expect(count == 4)
  }
}
