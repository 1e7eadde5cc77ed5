import Foundation

/// Starts a program with these descriptors as 0, 1 and 2, in a process group of
/// its own, and with nothing else of the test's: no other descriptor, no
/// blocked or ignored signal.
func spawn(_ program: Program, _ arguments: [String], descriptors: [Int32]) throws -> Int32 {
  var actions = unsafe posix_spawn_file_actions_t()
  unsafe posix_spawn_file_actions_init(&actions)
  defer { unsafe posix_spawn_file_actions_destroy(&actions) }
  for (number, descriptor) in descriptors.enumerated() {
    unsafe posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
  }
  // To close what is not open is no error.
  for number in descriptors.count..<min(1024, Int(sysconf(Int32(_SC_OPEN_MAX)))) {
    unsafe posix_spawn_file_actions_addclose(&actions, Int32(number))
  }

  var attributes = posix_spawnattr_t()
  unsafe posix_spawnattr_init(&attributes)
  defer { unsafe posix_spawnattr_destroy(&attributes) }
  var none = sigset_t()
  var all = sigset_t()
  unsafe sigemptyset(&none)
  unsafe sigfillset(&all)
  unsafe posix_spawnattr_setsigmask(&attributes, &none)
  unsafe posix_spawnattr_setsigdefault(&attributes, &all)
  unsafe posix_spawnattr_setpgroup(&attributes, 0)
  let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
  unsafe posix_spawnattr_setflags(&attributes, Int16(flags))

  var line = [program.path] + arguments
  if let directory = program.directory { line = ["/usr/bin/env", "-C", directory] + line }
  let words = unsafe line.map { unsafe strdup($0) } + [nil]
  let variables = unsafe program.variables.map { unsafe strdup($0) } + [nil]
  defer { unsafe (words + variables).forEach { unsafe free($0) } }
  var process: pid_t = 0
  let error = unsafe posix_spawn(&process, line[0], &actions, &attributes, words, variables)
  guard error == 0 else {
    throw ToolFailure(description: "cannot start \(program.path): error \(error)")
  }
  return process
}
