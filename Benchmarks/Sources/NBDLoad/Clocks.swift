public import Glibc

/// Clocks of the operating system.
public enum Clocks {
  /// Nanoseconds of a clock that goes steadily.
  public static func now() -> Int { read(CLOCK_MONOTONIC) }

  /// CPU nanoseconds that this thread has used.
  public static func threadCPU() -> Int { read(CLOCK_THREAD_CPUTIME_ID) }

  /// CPU nanoseconds that a process has used in all of its threads, ended ones too, and
  /// in its children.
  public static func cpu(ofProcess process: pid_t) -> Int {
    var clock = clockid_t()
    guard unsafe clock_getcpuclockid(process, &clock) == 0 else { return 0 }
    return read(clock) + reapedChildren(of: process)
      + children(of: process).reduce(0) { $0 + cpu(ofProcess: $1) }
  }

  private static func read(_ clock: clockid_t) -> Int {
    var time = timespec()
    unsafe _ = clock_gettime(clock, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }

  /// What ended children used: fields 16 and 17 of proc_pid_stat(5), in ticks.
  private static func reapedChildren(of process: pid_t) -> Int {
    guard let stat = contents(of: "/proc/\(process)/stat"),
      let end = stat.lastIndex(of: ")")
    else { return 0 }
    let fields = stat[end...].split(separator: " ")
    guard fields.count > 15, let user = Int(fields[14]), let system = Int(fields[15]) else {
      return 0
    }
    return (user + system) * (1_000_000_000 / sysconf(Int32(_SC_CLK_TCK)))
  }

  private static func children(of process: pid_t) -> [pid_t] {
    contents(of: "/proc/\(process)/task/\(process)/children")?
      .split(separator: " ").compactMap { pid_t($0) } ?? []
  }

  static func contents(of path: String) -> String? {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = unsafe Glibc.read(file, &bytes, bytes.count)
    return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
  }
}
