import Foundation
import TestSupport

/// A page's commands, run one after the other by one shell.
struct PageRun {
  /// What is wrong, a line each with page and line.
  private(set) var failures: [String] = []

  private let page: Page
  private let state: TemporaryDirectory

  /// Runs the page.
  ///
  /// - Parameters:
  ///   - page: What to run.
  ///   - top: The top of the repository, for what is not shown: `$top`.
  ///   - isSkipped: Which blocks are not run.
  /// - Throws: What the host does not let happen; what is wrong with the page is in ``failures``.
  init(_ page: Page, top: String, skipping isSkipped: (Page.Block) -> Bool) throws {
    self.page = page
    state = try TemporaryDirectory()
    try RawPath(state("session")).makeDirectory()
    try RawPath(state("bin")).makeDirectory()
    try RawPath(state("tmp")).makeDirectory()
    for machine in ["qemu-system-i386", "qemu-system-x86_64"] {
      let wrapper = Self.wrapper(try Program(machine).path)
      try RawPath(state("bin/\(machine)")).write(Array(wrapper.utf8))
      try Program("chmod").succeed(["755", state("bin/\(machine)")])
    }
    try RawPath(state("script")).write(Array(try script(isSkipped).utf8))
    let nbdgen = URL(fileURLWithPath: try Program.nbdgen().path).deletingLastPathComponent().path
    let path = [state("bin"), nbdgen, "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
    let shell = try Program(
      "bash",
      environment: [
        "PATH": path.joined(separator: ":"), "HOME": state("session"), "TMPDIR": state("tmp"),
        "top": top,
      ],
      directory: state("session")
    )
    let outcome = try shell.run([state("script")], timeout: 300)
    if outcome.status != 0 {
      let number = Int(try text("number").filter(\.isNumber)) ?? 0
      let errors = try text("\(number).errors")
      fail(
        page.blocks[number],
        "status \(outcome.status):\n\(try text("\(number).output"))\(errors)\(outcome)"
      )
      return
    }
    try compare(isSkipped)
  }

  /// An emulator without a window; one that would never end is ended if the page says so
  /// by `QEMU_SECONDS`.
  private static func wrapper(_ path: String) -> String {
    """
    #!/bin/sh
    case " $* " in *" -nographic "* | *" -display "*) ;; *) set -- "$@" -display none ;; esac
    [ -n "${QEMU_SECONDS:-}" ] || exec timeout --foreground 120 \(path) "$@"
    timeout --foreground "$QEMU_SECONDS" \(path) "$@" || [ $? -eq 124 ]
    """
  }

  /// One script of all blocks.
  private func script(_ isSkipped: (Page.Block) -> Bool) throws -> String {
    var script = """
      set -eu -o pipefail
      umask 022
      trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT
      # Waits until so many servers said that they serve.
      await() {
        local tries=0
        while [ "$(grep -c '; in qemu: ' "$1")" -lt "$2" ]; do
          tries=$((tries + 1))
          [ $tries -lt 600 ] || return 1
          sleep 0.1
        done
      }

      """
    for (number, block) in page.blocks.enumerated() where !isSkipped(block) {
      let place = state("\(number)")
      let start = """
        echo \(number) >'\(state("number"))'
        exec >'\(place).output' 2>'\(place).errors' </dev/null

        """
      switch block.kind {
      case .commands, .setup:
        script += start
        var servers = 0
        for line in block.text.split(separator: "\n") {
          script += line + "\n"
          guard line.hasSuffix(" &") else { continue }
          // People are slower than programs.
          servers += 1
          script += "await '\(place).errors' \(servers)\n"
        }
      case .server:
        try RawPath("\(place).sh").write(Array(block.text.utf8))
        script +=
          start + """
            set -m
            bash '\(place).sh' &
            await '\(place).errors' 1
            kill -INT -- -$!
            wait $!
            set +m

            """
      case .file(let name):
        try RawPath("\(place).file").write(Array(block.text.utf8))
        script += start + "mkdir -p \"$(dirname '\(name)')\"\ncp '\(place).file' '\(name)'\n"
      case .output, .text, .other: break
      }
    }
    return script
  }

  private mutating func compare(_ isSkipped: (Page.Block) -> Bool) throws {
    var before: Int?
    for (number, block) in page.blocks.enumerated() where !isSkipped(block) {
      if block.kind == .commands || block.kind == .server { before = number }
      guard block.kind == .output else { continue }
      guard let number = before else {
        fail(block, "there are no commands that this could be the output of")
        continue
      }
      let output = try text("\(number).output")
      if !Self.isEqual(Self.lines(output), Self.lines(block.text)) {
        fail(block, "the output is:\n\(output)")
      }
    }
  }

  private static func lines(_ text: String) -> ArraySlice<Substring> {
    text.split(separator: "\n", omittingEmptySubsequences: false)[...]
  }

  /// Whether lines are those shown, where three dots stand for any.
  private static func isEqual(
    _ lines: ArraySlice<Substring>,
    _ shown: ArraySlice<Substring>
  ) -> Bool {
    guard let first = shown.first else { return lines.isEmpty }
    if first == "..." {
      return (lines.startIndex...lines.endIndex).contains { start in
        isEqual(lines[start...], shown.dropFirst())
      }
    }
    return lines.first == first && isEqual(lines.dropFirst(), shown.dropFirst())
  }

  private func text(_ name: String) throws -> String {
    guard let data = FileManager.default.contents(atPath: state(name)) else { return "" }
    return String(decoding: data, as: UTF8.self)
  }

  private mutating func fail(_ block: Page.Block, _ problem: String) {
    failures.append("\(page.path):\(block.line): \(problem)")
  }
}
