import Glibc
import NBDLoad

/// Whole jobs, from the start of a program to what somebody wanted of it.
extension Suite {
  func measureJobs() throws {
    try measureStart()
    try measureBoot()
    report("whole jobs", "jobs/")
  }

  /// From starting a server to the end of the first negotiation.
  private func measureStart() throws {
    let test = "jobs/start"
    guard wants(test) else { return }
    let file = try inputs.random("start", mebibytes: 1)
    let commands: [Peer: (Address) -> [String]] = [
      .nbdgen: commands.generator(.nbdgen, ["data", "1"]),
      .nbdkit: commands.generator(.nbdkit, ["data", "1"]),
      .qemuNbd: commands.qemuNbd(file),
    ]
    try alternate([.nbdgen, .nbdkit, .qemuNbd], test, runs: runs * 4, failing: .time) { peer in
      guard let command = commands[peer] else { return [] }
      let start = Clocks.now()
      let server = try Server(peer, at: address(peer), log: log, pause: 100, command: command)
      let time = Double(Clocks.now() - start) / 1e9
      return [(.time, time), (.cpuSeconds, server.end().cpu)]
    }
  }

  /// From starting a server to the shell of a tiny guest, whose processor is emulated.
  private func measureBoot() throws {
    let test = "jobs/boot"
    guard wants(test) else { return }
    let scripts = "\(top)/scripts/guest"
    let root = try inputs.once("root") { path in try shell("'\(scripts)/make-root' '\(path)'") }
    let guest = "export unixsocket; exec '\(scripts)/qemu.sh'"
    let words: [Peer: [String]] = [
      .nbdgen: [commands.nbdgen, "-U", "-", "linuxdisk", root, "--run", guest],
      .nbdkit: ["nbdkit", "-U", "-", "linuxdisk", root, "--run", guest],
    ]
    try alternate([.nbdgen, .nbdkit], test, runs: min(runs, 3), failing: .time) { peer in
      let start = Clocks.now()
      let process = try ChildProcess(
        words[peer] ?? [],
        // The root has no devices, for making them takes privileges.
        environment: ["GUEST_APPEND": "nbdgen.devtmpfs=1"],
        output: log
      )
      defer { process.end() }
      while true {
        if try TextFile.read(log).contains("guest: booted") { break }
        let hasEnded = process.hasEnded
        guard !hasEnded, Clocks.now() - start < 120_000_000_000 else {
          throw BenchFailure("the guest did not boot")
        }
        usleep(5000)
      }
      return [(.time, Double(Clocks.now() - start) / 1e9)]
    }
  }
}
