import Glibc

/// What another process does.
enum Threads {
  /// Waits until no thread of a process computes, or wants to, for a second at most.
  ///
  /// Two looks in a row have to agree.
  static func waitUntilAllSleep(of process: pid_t) {
    var looks = 0
    for _ in 0..<5000 {
      usleep(200)
      looks = allSleep(of: process) ? looks + 1 : 0
      if looks == 2 { return }
    }
  }

  private static func allSleep(of process: pid_t) -> Bool {
    guard let folder = unsafe opendir("/proc/\(process)/task") else { return true }
    defer { unsafe _ = closedir(folder) }
    while let entry = unsafe readdir(folder) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
        unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard !name.hasPrefix("."),
        let stat = Clocks.contents(of: "/proc/\(process)/task/\(name)/stat"),
        let end = stat.lastIndex(of: ")")
      else { continue }
      // Field 3 of proc_pid_stat(5): R is running, D waits for a disk.
      let state = stat[end...].dropFirst(2).first
      if state == "R" || state == "D" { return false }
    }
    return true
  }
}
