import TestSupport

/// Copies programs of the host into a tree for a guest, with the libraries that
/// they need.
func copyPrograms(_ programs: [Program], to root: RawPath) throws {
  let line = """
    set -e
    cp \(programs.map { "'\($0.path)'" }.joined(separator: " ")) usr/bin/
    ldd usr/bin/* | sed -n 's/.* \\(\\/[^ ]*\\) (0x.*/\\1/p; s/^[[:space:]]*\\(\\/[^ ]*\\) (0x.*/\\1/p' | sort -u |
      while read -r library; do
        mkdir -p "./$(dirname "$library")"
        cp -L "$library" "./$library"
      done
    """
  let outcome = try Program.shell(line, directory: "\(root)")
  guard outcome.status == 0 else { throw ToolFailure("\(outcome)") }
}
