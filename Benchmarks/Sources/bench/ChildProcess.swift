import Glibc

/// A program that was started here.
final class ChildProcess {
  let identifier: pid_t
  /// What the system counted when it had ended.
  private(set) var usage: Usage?

  /// What a program and those that it started, and waited for, used.
  struct Usage {
    /// How it ended, as wait(2) says.
    var status: Int32
    /// CPU seconds.
    var cpu: Double
    /// The largest resident set of any of them, in MiB.
    var peakMemory: Double
    /// MiB that were written to storage, sooner or later.
    var written: Double
  }

  /// Starts a program; its output goes nowhere unless a file is named.
  ///
  /// - Throws: ``BenchFailure``
  init(_ words: [String], environment: [String: String] = [:], output: String = "/dev/null") throws
  {
    var variables: [String: String] = [:]
    var index = 0
    while let entry = unsafe environ[index] {
      let parts = unsafe String(cString: entry).split(separator: "=", maxSplits: 1)
      if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
      index += 1
    }
    variables.merge(environment) { $1 }
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe _ = posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_addopen(
      &actions,
      1,
      output,
      O_WRONLY | O_CREAT | O_TRUNC,
      0o644
    )
    unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)
    var arguments = unsafe words.map { unsafe strdup($0) } + [nil]
    var environment = unsafe variables.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
    defer { unsafe (arguments + environment).forEach { unsafe free($0) } }
    var identifier = pid_t()
    let code = unsafe posix_spawnp(
      &identifier,
      words[0],
      &actions,
      nil,
      &arguments,
      &environment
    )
    guard code == 0 else {
      throw BenchFailure(unsafe "\(words[0]): \(String(cString: strerror(code)))")
    }
    self.identifier = identifier
  }

  /// Whether it has ended.
  var hasEnded: Bool {
    if usage == nil { reap(WNOHANG) }
    return usage != nil
  }

  /// Waits for its end.
  @discardableResult
  func wait() -> Usage {
    while usage == nil { reap(0) }
    return usage!
  }

  /// Has it end: SIGTERM, and SIGKILL after five seconds.
  @discardableResult
  func end() -> Usage {
    guard !hasEnded else { return usage! }
    kill(identifier, SIGTERM)
    for _ in 0..<5000 where !hasEnded { usleep(1000) }
    if !hasEnded { kill(identifier, SIGKILL) }
    return wait()
  }

  private func reap(_ options: Int32) {
    var status: Int32 = 0
    var used = rusage()
    guard unsafe wait4(identifier, &status, options, &used) == identifier else { return }
    let seconds = { (time: timeval) in Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    usage = Usage(
      status: status,
      cpu: seconds(used.ru_utime) + seconds(used.ru_stime),
      peakMemory: Double(used.ru_maxrss) / 1024,
      written: Double(used.ru_oublock) / 2048
    )
  }

  /// Resident memory in MiB, of a process that runs.
  var residentMemory: Double {
    let status = (try? TextFile.read("/proc/\(identifier)/status")) ?? ""
    for line in status.split(separator: "\n") where line.hasPrefix("VmRSS:") {
      let number = line.split(whereSeparator: \.isWhitespace)[1]
      return (Double(number) ?? 0) / 1024
    }
    return 0
  }
}

/// Runs a shell command to its end.
///
/// - Throws: ``BenchFailure`` if it fails.
@discardableResult
func shell(_ command: String, environment: [String: String] = [:]) throws -> ChildProcess.Usage {
  let usage = try ChildProcess(["/bin/sh", "-c", command], environment: environment).wait()
  guard usage.status == 0 else { throw BenchFailure("failed: \(command)") }
  return usage
}

/// Small files as text.
enum TextFile {
  static func read(_ path: String) throws -> String {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw BenchFailure("cannot read \(path)") }
    defer { close(file) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe Glibc.read(file, &piece, piece.count)
      if count <= 0 { break }
      bytes += piece[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  static func write(_ text: String, to path: String) throws {
    let file = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw BenchFailure("cannot write \(path)") }
    defer { close(file) }
    let bytes = Array(text.utf8)
    guard unsafe Glibc.write(file, bytes, bytes.count) == bytes.count else {
      throw BenchFailure("cannot write \(path)")
    }
  }
}
