import NBDLoad

/// Whether memory stays what it is, however many requests there are.
extension Suite {
  /// 10,000,000 requests, in sixty parts: an hour of 2,800 a second.
  func measureMemory() throws {
    guard wants("flat/") else { return }
    let file = try inputs.random("memory", mebibytes: 64, inMemory: true)
    for (name, words) in [
      ("flat/memory", ["data", "<(cat \(file))"]),
      ("flat/linuxdisk", ["linuxdisk", try smallFiles()]),
    ] where wants(name) {
      let server = try Server(
        .nbdgen,
        at: address(.nbdgen),
        log: log,
        command: commands.generator(.nbdgen, words)
      )
      var resident: [Double] = []
      for part in 0..<60 {
        try ask(server, part)
        resident.append(server.process.memory("VmRSS"))
      }
      try results.add("\(name)-at-start", .resident, .nbdgen, [resident[0]])
      try results.add("\(name)-largest", .resident, .nbdgen, [resident.max() ?? 0])
      try results.add("\(name)-at-end", .resident, .nbdgen, [resident[59]])
    }
    report("memory over \(scaled(10_000_000)) requests", "flat/")
  }

  /// A sixtieth: mostly 4 KiB, by one connection and by four, and some of 64 KiB and 1 MiB.
  private func ask(_ server: Server, _ part: Int) throws {
    for (size, count, connections) in [
      (4096, 82_233, 1), (4096, 82_232, 4), (64 << 10, 2000, 4), (1 << 20, 200, 1),
    ] {
      var plan = LoadPlan()
      plan.requestSize = size
      plan.depth = size > 4096 ? 8 : 64
      plan.connections = connections
      plan.warmUp = 0
      plan.duration = 600_000_000_000
      plan.limit = scaled(count) / connections * connections
      plan.seed = UInt64(part + 1)
      let result = try LoadClient.run(plan, at: server.address)
      guard result.operations == plan.limit else { throw BenchFailure("requests went missing") }
    }
  }
}
