import CHost

/// What signals do that do not end the program, and waiting for one that does.
struct SignalActions {
  /// Says how the server is doing (`SIGUSR1`).
  var report: () -> Void

  /// Opens the log once more, and reads a file of exports anew (`SIGHUP`); `nil` if
  /// there is neither, and the signal ends the program: its terminal has gone.
  var renew: (() -> Void)?

  /// Waits for a child's end, or for a signal that ends the program.
  ///
  /// - Returns: The signal's number.
  func wait() -> Int32 {
    while true {
      let signal = host_wait_signal(-1)
      if signal == SignalNumber.user {
        report()
      } else if signal == SignalNumber.hangUp, let renew {
        renew()
      } else {
        return signal
      }
    }
  }
}

/// Numbers of signals that are the same on every host, or that the host tells.
enum SignalNumber {
  static let hangUp: Int32 = 1
  static let kill: Int32 = 9
  /// A child ended (`SIGCHLD`).
  static let child: Int32 = host_child_signal()
  /// `SIGUSR1`.
  static let user: Int32 = host_user_signal()

  /// From now on a signal ends the process on the spot: the user is impatient.
  static func exitAtOnceOnNext() {
    host_exit_on_next_signal()
  }
}
