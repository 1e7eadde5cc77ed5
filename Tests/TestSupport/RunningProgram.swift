import Foundation
import Synchronization

/// A program that was started, and is killed at the latest when the value goes.
///
/// It leads a process group, which is what is killed.
package final class RunningProgram: Sendable {
  /// Its process number.
  package let process: Int32

  private let line: String
  private let output: Capture
  private let errors: Capture
  /// The end, once somebody waited for it.
  private let status = Mutex<Int32?>(nil)

  init(_ program: Program, _ arguments: [String], input: [UInt8]) throws {
    line = ([program.path] + arguments).joined(separator: " ")
    let given = try Capture()
    try given.write(input)
    output = try Capture()
    errors = try Capture()
    process = try spawn(
      program,
      arguments,
      descriptors: [given.descriptor, output.descriptor, errors.descriptor]
    )
  }

  deinit {
    guard status.withLock({ $0 }) == nil else { return }
    killGroup()
  }

  /// What it wrote so far.
  package func outcomeSoFar() throws -> Outcome {
    Outcome(status: -1, output: try output.bytes(), errors: try errors.bytes())
  }

  /// Sends a signal to the program alone.
  package func send(_ signal: Int32) {
    // An ended process keeps its number until it is waited for.
    status.withLock { if $0 == nil { kill(process, signal) } }
  }

  /// The exit status, or 128 and the number of the signal that ended it; `nil`
  /// if it runs on after that many seconds.
  package func status(within seconds: Double) -> Int32? {
    let deadline = ContinuousClock.now + .seconds(seconds)
    var pause: UInt32 = 500
    while true {
      if let known = poll() { return known }
      guard ContinuousClock.now < deadline else { return nil }
      usleep(pause)
      pause = min(pause * 2, 10_000)
    }
  }

  /// Waits for the end, and kills the program if that does not come.
  package func outcome(within seconds: Double) throws -> Outcome {
    let end = status(within: seconds)
    if end == nil { killGroup() }
    var outcome = try outcomeSoFar()
    guard let end else {
      throw ToolFailure(description: "\(line) still ran after \(seconds) s: \(outcome)")
    }
    outcome.status = end
    return outcome
  }

  /// Waits until a line of the standard error satisfies a claim, and returns it.
  package func errorLine(
    within seconds: Double,
    where isWanted: (String) -> Bool
  ) throws -> String {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while true {
      let hasEnded = poll() != nil
      let outcome = try outcomeSoFar()
      // The last line may be half written.
      let complete = outcome.errorLines.prefix(outcome.errors.count { $0 == 10 })
      if let line = complete.first(where: isWanted) { return line }
      guard !hasEnded, ContinuousClock.now < deadline else {
        throw ToolFailure(description: "\(line) did not get ready: \(outcome)")
      }
      usleep(5000)
    }
  }

  private func poll() -> Int32? {
    status.withLock { status in
      if let status { return status }
      var word: Int32 = 0
      guard unsafe waitpid(process, &word, WNOHANG) == process else { return nil }
      let signal = word & 0x7F
      status = signal == 0 ? (word >> 8) & 0xFF : 128 + signal
      return status
    }
  }

  private func killGroup() {
    kill(-process, SIGKILL)
    while poll() == nil { usleep(1000) }
  }
}

/// A file without a name that takes in what a program writes.
final class Capture: Sendable {
  let descriptor: Int32

  init() throws {
    let folder = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
    var template = Array("\(folder)/nbdgen-capture.XXXXXX".utf8CString)
    descriptor = unsafe template.withUnsafeMutableBufferPointer { name in
      guard let start = name.baseAddress else { return -1 }
      let made = unsafe mkstemp(start)
      unsafe unlink(start)
      return made
    }
    // Above those that it is copied to.
    guard descriptor > 2 else { throw ToolFailure(description: "no file for output") }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
  }

  deinit { close(descriptor) }

  /// Puts bytes in, to be read from their start.
  func write(_ bytes: [UInt8]) throws {
    guard !bytes.isEmpty else { return }
    let count = unsafe bytes.withUnsafeBytes {
      unsafe Foundation.write(descriptor, $0.baseAddress, $0.count)
    }
    guard count == bytes.count, lseek(descriptor, 0, SEEK_SET) == 0 else {
      throw ToolFailure(description: "no room for input")
    }
  }

  func bytes() throws -> [UInt8] {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      throw ToolFailure(description: "lost a file of output")
    }
    let size = Int(status.st_size)
    return unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      count = max(0, unsafe pread(descriptor, buffer.baseAddress, size, 0))
    }
  }
}
