import Glibc
import Synchronization

/// Leaves nothing behind when a signal ends the benchmark.
///
/// The programs that run are ended, and the folders of inputs are removed, by a thread
/// that waits for signals.
enum Interruption {
  private struct State {
    var processes: Set<pid_t> = []
    var folders: [String] = []
  }

  private static let state = Mutex(State())
  private static let isEnding = Atomic(false)

  /// From now on SIGINT, SIGTERM and SIGHUP end what runs, and remove `folders`; so does it
  /// if nobody reads what is printed.
  static func remove(_ folders: [String]) {
    state.withLock { $0.folders = folders }
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    for signal in [SIGINT, SIGTERM, SIGHUP] { unsafe sigaddset(&signals, signal) }
    unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
    var thread = pthread_t()
    unsafe pthread_create(
      &thread,
      nil,
      { _ in
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        for signal in [SIGINT, SIGTERM, SIGHUP] { unsafe sigaddset(&signals, signal) }
        var signal: Int32 = 0
        unsafe sigwait(&signals, &signal)
        Interruption.end(signal)
      },
      nil
    )
    pthread_detach(thread)
    // The thread that prints gets this one, not the one that waits.
    signal(SIGPIPE) { _ in kill(getpid(), SIGTERM) }
  }

  /// Starts a program, unless all is about to end.
  static func starting(_ start: (inout pid_t) throws -> Void) throws -> pid_t {
    try state.withLock { state in
      var identifier = pid_t()
      try start(&identifier)
      state.processes.insert(identifier)
      return identifier
    }
  }

  /// Knows of a daemon that a program left behind.
  static func add(_ identifier: pid_t) {
    state.withLock { state in _ = state.processes.insert(identifier) }
  }

  /// Does not return once a signal has come: what failed since then is of no interest.
  static func stopIfEnding() {
    while isEnding.load(ordering: .acquiring) { pause() }
  }

  /// Forgets a program.
  static func ended(_ identifier: pid_t) {
    state.withLock { state in _ = state.processes.remove(identifier) }
  }

  /// Holds the lock for ever: nothing is started any more.
  private static func end(_ signal: Int32) -> Never {
    state.withLock { state in
      isEnding.store(true, ordering: .releasing)
      for process in state.processes { kill(-process, SIGKILL) }
      for folder in state.folders { removeTree(folder) }
      exit(128 + signal)
    }
  }

  /// Removes a folder by rm(1), which knows how.
  static func removeTree(_ folder: String) {
    let words: [String] = ["rm", "-rf", "--", folder]
    var arguments = unsafe words.map { unsafe strdup($0) } + [nil]
    defer { unsafe arguments.forEach { unsafe free($0) } }
    var identifier = pid_t()
    if unsafe posix_spawnp(&identifier, "rm", nil, nil, &arguments, environ) == 0 {
      _ = waitpid(identifier, nil, 0)
    }
  }
}
