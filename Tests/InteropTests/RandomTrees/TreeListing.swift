import Foundation
import TestSupport

/// Lines for a shell that tell everything of the tree in the current directory.
///
/// The host and a guest run the same; what they print is equal if the trees are. Left
/// out are sizes and link counts of directories, which depend on the filesystem.
enum TreeListing {
  /// The programs that the lines need, as they are on the host; and `awk`.
  static let programs = ["find", "sort", "xargs", "stat", "md5sum", "getfattr"]

  /// The parts of a listing, each a name and a function of the shell.
  static let parts = ["status", "content", "attributes"]

  /// Functions of the names in ``parts``; `$time` is the form of times for `stat`.
  ///
  /// Programs are named by their paths, because the guest's shell would take its own
  /// ones, which lack much. `stat` quotes names and targets, so that each has a line. A
  /// file is numbered by the first of its names.
  static let functions = """
    bin=/usr/bin
    paths() { $bin/find . -path ./lost+found -prune -o -print0 | $bin/sort -z; }
    status() {
      paths | $bin/xargs -0 $bin/stat --printf "%i %h %s %f %u %g %t:%T $time %N\\n" | awk '{
        if (!($1 in first)) first[$1] = NR
        links = $2; size = $3
        if ($4 ~ /^4/) links = size = "-"
        print first[$1], links, size, substr($0, length($1 $2 $3) + 4)
      }'
    }
    content() {
      $bin/find . -type f -print0 | $bin/sort -z | $bin/xargs -0 -r $bin/md5sum
    }
    attributes() { paths | $bin/xargs -0 $bin/getfattr -h -d -m - -e hex; }

    """

  /// How `stat` tells times that inodes of this size keep.
  static func timeFormat(inodeSize: Int) -> String { inodeSize > 128 ? "%.9Y" : "%Y" }

  /// A part of the listing of a tree of the host.
  static func text(_ part: String, of tree: String, time: String) throws -> [UInt8] {
    let outcome = try Program.shell(
      functions + part,
      environment: ["time": time],
      directory: tree
    )
    guard outcome.status == 0 && outcome.errors.isEmpty else { throw ToolFailure("\(outcome)") }
    return outcome.output
  }

  /// A checksum of each part, as the guest prints them.
  static func checksums(of tree: String, time: String) throws -> [String] {
    let lines = parts.map { "\($0) | md5sum\n" }.joined()
    let outcome = try Program.shell(
      functions + lines,
      environment: ["time": time],
      directory: tree
    )
    guard outcome.status == 0 && outcome.errors.isEmpty && outcome.lines.count == parts.count else {
      throw ToolFailure("\(outcome)")
    }
    return outcome.lines.map { String($0.prefix(32)) }
  }
}
