import ArgumentParser
import GeneratorKit

/// Looks at traces: `nbdgen trace summary FILE`.
struct TraceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace",
    abstract: "Tells what clients read, from what nbdgen --trace recorded.",
    usage: "nbdgen trace summary [--json] [--all] [--svg FILE] TRACE",
    discussion: """
      A trace is written while a disk is served:

        nbdgen --trace boot.jsonl -U - linuxdisk root/ --run 'qemu-system-x86_64 ...'
        nbdgen trace summary boot.jsonl --svg boot.svg

      Each line of it is a JSON object with an "event". "start" comes first: what the disk is, its \
      "size", and how many "files" of together "file_bytes" it has. "read" is a part of a read \
      that belongs to one file or structure: "time_us", the microseconds since the start; \
      "connection" and "request", which count from 1; and all members of nbdgen map --json. \
      "connect" and "disconnect" tell of clients. "dropped" tells how many reads are missing, \
      because they came faster than they could be written; serving never waits for the trace. \
      "end" is the last line unless nbdgen was killed. The bytes of each file are:

        jq -r 'select(.kind=="file") | "\\(.size) \\(.path)"' boot.jsonl

      Of a file of exports (nbdgen serve --trace FILE EXPORTS.yaml), lines about clients and reads \
      have the name of the "export", and a line with the event "export" tells what its disk is \
      before the first client uses it.

      What a guest reads from its own cache does not reach the server, and so is not in the trace; \
      what it reads ahead is.
      """,
    subcommands: [Summary.self],
    helpNames: [.short, .long]
  )

  func run() throws {
    throw UserError(usage: "trace: what to do is missing; write: nbdgen trace summary FILE")
  }

  /// Refuses a word behind `trace` that says nothing that can be done with one.
  static func check(_ word: String?) throws(UserError) {
    guard let word, !word.hasPrefix("-"), word != "summary" else { return }
    let advice =
      closestMatch(to: word, among: ["summary"]).map { "did you mean \($0)?" }
      ?? "write: nbdgen trace summary FILE"
    throw UserError(usage: "trace: there is no command \"\(word)\"; \(advice)")
  }

  /// Sums a trace up.
  struct Summary: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "summary",
      abstract: "Shows files by the bytes that were read, and how much of all that is.",
      discussion: """
        "read" counts all bytes that were read, "touched" each byte of a file once; "of it" is the \
        share of the file that was touched. Times are those of its first and last read, since \
        the first read of all. --svg draws who was read when, for browsers. --json prints one \
        object on each line: first the sums, then each file and each kind of structure; "first_us" \
        and "last_us" are times of the trace. Of several exports, each is shown by itself, and \
        its objects begin with one that has its sums.
        """,
      helpNames: [.short, .long]
    )

    @Flag(help: "Print JSON objects, one on each line.")
    var json = false

    @Flag(help: "Show all files, not only those of which most was read.")
    var all = false

    @Option(
      name: .customLong("svg"),
      parsing: .unconditional,
      help: .init("Draw a timeline, as an SVG file.", valueName: "file")
    )
    var picture: String?

    @Argument(help: .init("What nbdgen --trace wrote.", valueName: "trace"))
    var path: String

    func run() throws {
      if json && all {
        throw UserError(usage: "--all: --json has all files anyway; leave --all out")
      }
      let summary = try TraceSummary(path)
      if summary.isCut {
        StandardError.print("nbdgen: note: \(path): the last line is cut off, and left out")
      }
      if let picture {
        let timeline = try TraceTimeline(summary, of: path)
        try PlainFile.write(timeline.text, to: picture, for: "--svg")
      }
      let output = OutputLines()
      let text = TraceText(summary, isComplete: all)
      if json {
        for line in text.objects { output.print(line) }
      } else if picture == nil {
        for line in text.lines { output.print(line) }
      }
      output.flush()
    }
  }
}
