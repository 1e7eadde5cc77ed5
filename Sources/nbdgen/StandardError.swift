import SystemPackage

/// The standard error: what people read, so that the standard output remains
/// that of the command that `--run` runs.
enum StandardError {
  /// Prints a line, in one piece.
  static func print(_ line: String) {
    _ = try? FileDescriptor.standardError.writeAll(Array("\(line)\n".utf8))
  }
}

/// The standard output: what programs read.
enum StandardOutput {
  /// Prints a line, in one piece.
  static func print(_ line: String) {
    _ = try? FileDescriptor.standardOutput.writeAll(Array("\(line)\n".utf8))
  }
}
