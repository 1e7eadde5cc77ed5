import Glibc

/// A program that was started here, as the leader of a process group.
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
    /// The largest resident set of any of them, in MiB; that of the program that
    /// started them if it was larger.
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
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe _ = posix_spawnattr_destroy(&attributes) }
    var noSignals = sigset_t()
    unsafe sigemptyset(&noSignals)
    unsafe posix_spawnattr_setsigmask(&attributes, &noSignals)
    unsafe posix_spawnattr_setpgroup(&attributes, 0)
    unsafe posix_spawnattr_setflags(
      &attributes,
      Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETPGROUP)
    )
    var arguments = unsafe words.map { unsafe strdup($0) } + [nil]
    var environment = unsafe variables.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
    defer { unsafe (arguments + environment).forEach { unsafe free($0) } }
    let identifier = try Interruption.starting { identifier in
      let code = unsafe posix_spawnp(
        &identifier,
        words[0],
        &actions,
        &attributes,
        &arguments,
        &environment
      )
      guard code == 0 else {
        throw BenchFailure(unsafe "\(words[0]): \(String(cString: strerror(code)))")
      }
    }
    self.identifier = identifier
  }

  /// Whether it has ended.
  var hasEnded: Bool { reap(WNOHANG) != nil }

  /// Waits for its end.
  @discardableResult
  func wait() -> Usage {
    while true {
      if let usage = reap(0) { return usage }
    }
  }

  /// Waits for its end, and ends it when `seconds` are over; `nil` if that was so.
  func wait(atMost seconds: Double) -> Usage? {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < deadline {
      if let usage = reap(WNOHANG) { return usage }
      usleep(1000)
    }
    end()
    return nil
  }

  /// Has it and its group end: SIGTERM, and SIGKILL after five seconds.
  @discardableResult
  func end() -> Usage {
    if let usage { return usage }
    kill(-identifier, SIGTERM)
    for _ in 0..<5000 where !hasEnded { usleep(1000) }
    if !hasEnded { kill(-identifier, SIGKILL) }
    return wait()
  }

  private func reap(_ options: Int32) -> Usage? {
    if let usage { return usage }
    var status: Int32 = 0
    var used = rusage()
    guard unsafe wait4(identifier, &status, options, &used) == identifier else { return nil }
    Interruption.ended(identifier)
    let seconds = { (time: timeval) in Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    usage = Usage(
      status: status,
      cpu: seconds(used.ru_utime) + seconds(used.ru_stime),
      peakMemory: Double(used.ru_maxrss) / 1024,
      written: Double(used.ru_oublock) / 2048
    )
    return usage
  }

  /// A line of what the system says of a process that runs, such as `VmRSS`, in MiB.
  func memory(_ name: String) -> Double {
    let status = (try? TextFile.read("/proc/\(identifier)/status")) ?? ""
    for line in status.split(separator: "\n") where line.hasPrefix("\(name):") {
      return (Double(line.split(whereSeparator: \.isWhitespace)[1]) ?? 0) / 1024
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

/// What a shell command prints, without the last line feed.
///
/// - Throws: ``BenchFailure``
func output(of command: String, in folder: String) throws -> String {
  let name = "\(folder)/output"
  try ChildProcess(["/bin/sh", "-c", command], output: name).wait()
  var text = try TextFile.read(name)
  if text.hasSuffix("\n") { text.removeLast() }
  return text
}
