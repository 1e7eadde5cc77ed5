import ArgumentParser
import Foundation

/// Writes the comparison with nbdkit, from what was measured.
struct Page: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes the page that compares nbdgen with nbdkit, from a run's results."
  )

  @Argument(help: "The lines that a run wrote.")
  var results: String

  @Option(help: "Where the page is written.")
  var output = "docs/comparison.md"

  func run() throws {
    let results = try Results(readFrom: results)
    guard let machine = results.machine else { throw BenchFailure("the results name no machine") }
    try TextFile.write(Self.text(results, machine), to: output)
  }

  static func text(_ results: Results, _ machine: Machine) -> String {
    let targets = Target.outcomes(results)
    let rows = targets.map { target in
      let form = target.isRatio ? Format.ratio : Format.figure
      let wanted = (target.isRatio ? "at least " : "at most ") + form(target.wanted)
      return "| \(target.label) | \(target.against) | \(wanted) | \(form(target.reached)) "
        + "| \(target.isReached ? "yes" : "**no**") |"
    }
    let sections = [
      ("Serving 64 MiB from memory, unix socket", "memory/unix/"),
      ("The same over TCP", "memory/tcp/"),
      ("Holes", "holes/unix/"),
      ("Repetitions", "repeating/unix/"),
      ("A host file in the page cache, unix socket", "file/unix/"),
      ("The same over TCP", "file/tcp/"),
      ("A host file that is not in the page cache", "cold-file/unix/"),
      ("A linuxdisk of 100,000 small files", "linuxdisk/unix/"),
      ("The same of 9,000, which can all be kept open", "linuxdisk-9k/unix/"),
      ("Making disks, from starting the program to the first byte", "building/"),
      ("Whole jobs", "jobs/"),
      ("4 KiB reads of a cached file, one at a time, beside another client", "neighbour/"),
      ("Memory of nbdgen over 10,000,000 requests", "flat/"),
    ]
    return """
      # nbdgen and its peers

      <!-- Written by `Benchmarks/.build/release/bench page`, from the results of `make bench`. -->

      ## What each can do

      nbdgen speaks the same protocol as nbdkit, and takes the same options; it is not a replacement
      for all of it.

      \(Self.abilities)

      ## What was measured

      \(machine.cores) cores (\(machine.processor)), \(machine.kernel), \(machine.date.prefix(10)); \
      \(machine.versions.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        .joined(separator: ", ")). Each figure is the median of \(machine.runs) runs, which alternate \
      between the servers. A number behind a figure says how many times better nbdgen is: below 1 it \
      is worse. [Benchmarks](../Benchmarks/README.md) says what the cases are.

      | target | against | to reach | measured | reached |
      |---|---|---|---|---|
      \(rows.joined(separator: "\n"))

      \(sections.map { section($0.0, $0.1, results) }.filter { !$0.isEmpty }
        .joined(separator: "\n\n"))

      """
  }

  /// A table like the terminal's, of the figures that readers want first.
  private static func section(_ title: String, _ prefix: String, _ results: Results) -> String {
    let measured = results.measurements.filter { $0.test.hasPrefix(prefix) }
    let peers = Peer.allCases.filter { peer in measured.contains { $0.peer == peer } }
    guard !peers.isEmpty else { return "" }
    var lines = [
      "### \(title)", "",
      "| case | " + peers.map(\.rawValue).joined(separator: " | ") + " |",
      "|---|" + String(repeating: "---:|", count: peers.count),
    ]
    var seen: Set<String> = []
    for each in measured where seen.insert("\(each.test) \(each.figure)").inserted {
      let cells = peers.map { peer in
        guard let found = results.find(each.test, each.figure, peer) else { return "" }
        guard let median = found.median else { return "fails" }
        let ratio = peer == .nbdgen ? nil : results.ratio(each.test, each.figure, to: peer)
        return Format.rate(median) + (ratio.map { " (\(Format.ratio($0)))" } ?? "")
      }
      let name = each.test.dropFirst(prefix.count)
      lines.append("| \(name), \(each.figure.rawValue) | " + cells.joined(separator: " | ") + " |")
    }
    var remarks: [String] = []
    for each in measured {
      guard let remark = each.remark else { continue }
      let words = remark.replacing("|", with: "\\|")
      let text = "\(each.peer.rawValue), \(each.test.dropFirst(prefix.count)): `\(words)`"
      if !remarks.contains(text) { remarks.append(text) }
    }
    return
      (lines + (remarks.isEmpty ? [] : ["", "What failed: " + remarks.joined(separator: "; ")]))
      .joined(separator: "\n")
  }

  /// What can be seen by running both.
  private static let abilities = """
    | | nbdgen | nbdkit |
    |---|---|---|
    | writing to disks | no, all are read-only; clients bring an overlay, such as qemu's `snapshot=on` | \
    yes, with most plugins, and `--filter=cow` |
    | where disks come from | `data`, `linuxdisk`, `floppy`, `info` | over 30 plugins in Debian alone: \
    files, memory, curl, ssh, S3, torrents, ISO images, partitions of files, and languages to write \
    more in, from C to Python and shell |
    | layers over a disk | none | over 40 filters, such as `cache`, `cow`, `delay`, `error`, `xz` |
    | a Linux filesystem of a directory | computed in memory; contents are read from the files when \
    asked for | `mke2fs -d` writes an image of all of it to a temporary file first |
    | a tree from a tar archive or an OCI image, layers of trees, a manifest of owners and devices | \
    `linuxdisk tar=`, `oci=`, several `dir=`, `manifest=` | not in `linuxdisk` |
    | a file that changes while it is served | an error, unless `on-change=serve` | `linuxdisk` has a \
    copy, `floppy` reads what is there then |
    | FAT | FAT12, FAT16, FAT32 with an MBR, a GPT or without; boot sectors; exact sizes of floppy disks | \
    FAT32 with an MBR |
    | equal inputs give equal disks | yes; `nbdgen digest` says which | not `linuxdisk`: UUIDs and times \
    are the run's |
    | the `data` plugin's language | the same and a little more; repetitions take no memory, however long | \
    yes |
    | clients that bring the disk's description in the export name | yes, `nbdgen share` packs one | \
    with a script of one's own in `sh` or `eval` |
    | structured replies, block status | yes | yes |
    """
}
