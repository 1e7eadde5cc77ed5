import CHost
import SystemPackage

/// The shell command that a disk is served for.
struct CaptiveCommand {
  private let process: Int32

  /// Starts `command` with the variables that say where the disk is.
  init(_ command: String, _ uri: ExportURI) throws {
    for (name, value) in uri.variables { _ = unsafe host_set_environment(name, value) }
    process = unsafe host_spawn_shell(command, WorkingDirectory.ofCommands)
    guard process > 0 else {
      throw UserError(host: "--run: /bin/sh: \(Errno(rawValue: -process).description)")
    }
  }

  /// How long the command may take to end after a signal, in milliseconds.
  private static let gracePeriod: Int64 = 300

  /// Waits for the command's end.
  ///
  /// A signal that ends the program is passed on to it, and ends both in bounded
  /// time.
  ///
  /// - Returns: The command's exit status; 128 and the signal's number if a
  ///   signal ended it or nbdgen.
  func wait(_ actions: SignalActions) -> Int32 {
    while true {
      let status = host_child_status(process)
      if status >= 0 { return status }
      let signal = actions.wait()
      if signal != SignalNumber.child {
        end(signal)
        SignalNumber.exitAtOnceOnNext()
        return 128 + signal
      }
    }
  }

  private func end(_ signal: Int32) {
    _ = host_send_signal(process, signal)
    var waited: Int64 = 0
    while host_child_status(process) < 0 && waited < Self.gracePeriod {
      host_sleep_milliseconds(10)
      waited += 10
    }
    if waited >= Self.gracePeriod {
      _ = host_send_signal(process, SignalNumber.kill)
      _ = host_child_status(process)
    }
  }
}
