import NBDLoad

/// Shows that wrong bytes would be noticed, before bytes are trusted.
extension Suite {
  func testComparing() throws {
    let file = try inputs.random("self-test", mebibytes: 4, inMemory: true)
    let wrong = try inputs.once("self-test-wrong", in: inputs.memoryFolder) { path in
      // One byte differs, in the middle.
      try shell("cp \(file) \(path) && printf x | dd of=\(path) bs=1 seek=2097159 conv=notrunc")
      try shell("cmp -s \(file) \(path) && exit 1 || exit 0")
    }
    let server = try Server(
      .floor,
      at: address(.floor),
      log: log,
      command: commands.floor(size: 4 << 20, file: file)
    )
    for size in [4096, 256 << 10, 2 << 20] {
      var plan = LoadPlan()
      plan.pattern = .sequential
      plan.requestSize = size
      plan.depth = 2
      plan.limit = (4 << 20) / size
      plan.warmUp = 0
      plan.reference = file
      let result = try LoadClient.run(plan, at: server.address)
      guard result.bytesCompared == 4 << 20 else { throw BenchFailure("too little was compared") }
      plan.reference = wrong
      do {
        _ = try LoadClient.run(plan, at: server.address)
        throw BenchFailure("a wrong byte was not noticed")
      } catch LoadFailure.wrongBytes {
        continue
      }
    }
  }
}
