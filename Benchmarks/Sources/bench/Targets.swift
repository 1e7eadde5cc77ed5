/// What is to be reached, as agreed on before it was measured.
struct Target {
  /// What a figure is compared with.
  enum Against {
    /// A peer: nbdgen is at least so many times better.
    case peer(Peer, times: Double)
    /// Whichever peer is the best of those that were measured.
    case bestPeer(times: Double)
    /// A number that nbdgen's figure is at most.
    case number(Double)
    /// nbdgen's own figure in another case, which this one is at most so many times.
    case other(String, times: Double)
  }

  var label: String
  var test: String
  var figure: Figure
  var against: Against

  static let all = [
    Target("4 KiB, depth 64, memory", "memory/unix/4k-64x1", .rate, .peer(.nbdkit, times: 6)),
    Target("4 KiB, depth 64, cached file", "file/unix/4k-64x1", .rate, .peer(.nbdkit, times: 4)),
    Target(
      "4 KiB, depth 64, linuxdisk of 100,000 files",
      "linuxdisk/unix/4k-64x1",
      .rate,
      .peer(.nbdkit, times: 3)
    ),
    Target("4 KiB, depth 1, memory", "memory/unix/4k-1x1", .rate, .bestPeer(times: 1.3)),
    Target("4 KiB, depth 1, cached file", "file/unix/4k-1x1", .rate, .bestPeer(times: 1.3)),
    Target("256 KiB sequential, memory", "memory/unix/256k-4x1", .rate, .peer(.nbdkit, times: 1.2)),
    Target(
      "256 KiB sequential, cached file",
      "file/unix/256k-4x1",
      .rate,
      .peer(.nbdkit, times: 1.3)
    ),
    Target("block status, memory", "memory/unix/block-status-16x1", .rate, .bestPeer(times: 6)),
    Target("block status, cached file", "file/unix/block-status-16x1", .rate, .bestPeer(times: 6)),
    Target("connect, GO, disconnect", "memory/unix/connect", .rate, .peer(.nbdkit, times: 8)),
    Target("connect, GO, disconnect", "memory/unix/connect", .rate, .peer(.qemuNbd, times: 1)),
    Target(
      "CPU of a 4 KiB read, depth 64, memory",
      "memory/unix/4k-64x1",
      .cpu,
      .peer(.nbdkit, times: 6)
    ),
    Target(
      "linuxdisk, 2 GiB in 8 files, to first byte",
      "building/2G-in-8-files",
      .time,
      .peer(.nbdkit, times: 100)
    ),
    Target(
      "linuxdisk, 100,000 files, CPU",
      "building/100k-files",
      .cpuSeconds,
      .peer(.nbdkit, times: 6)
    ),
    Target(
      "linuxdisk, 100,000 files, CPU",
      "building/100k-files",
      .cpuSeconds,
      .peer(.find, times: 1)
    ),
    Target(
      "linuxdisk, 100,000 files in one directory, CPU",
      "building/100k-in-one-directory",
      .cpuSeconds,
      .peer(.find, times: 1)
    ),
    Target("linuxdisk, 1,000,000 files, CPU us/inode", "building/inodes-1M", .inodeCPU, .number(8)),
    Target(
      "linuxdisk, 1,000,000 files, bytes/inode",
      "building/inodes-1M",
      .inodeBytes,
      .number(400)
    ),
    Target(
      "CPU/inode of 1,000,000 files to that of 100,000",
      "building/inodes-1M",
      .inodeCPU,
      .other("building/inodes-100k", times: 1.25)
    ),
    Target("floppy, 20,000 files", "building/floppy-20k-files", .time, .peer(.nbdkit, times: 1)),
    Target("process start to listening", "jobs/start", .time, .peer(.nbdkit, times: 1)),
    Target(
      "p99 of cached reads, cold reads here to at another server",
      "neighbour/beside-cold-reads",
      .p99,
      .other("neighbour/beside-cold-reads-elsewhere", times: 1.25)
    ),
    Target(
      "memory after 10 M reads, to 1/60",
      "flat/memory-at-end",
      .resident,
      .other("flat/memory-at-start", times: 1.05)
    ),
    Target(
      "the same, linuxdisk",
      "flat/linuxdisk-at-end",
      .resident,
      .other("flat/linuxdisk-at-start", times: 1.05)
    ),
  ]

  private init(_ label: String, _ test: String, _ figure: Figure, _ against: Against) {
    self.label = label
    self.test = test
    self.figure = figure
    self.against = against
  }
}

/// Whether a target is reached.
struct Outcome {
  var label: String
  /// Who or what it was compared with.
  var against: String
  var wanted: Double
  var reached: Double
  /// Whether figures are ratios to a peer, of which more is better.
  var isRatio: Bool

  var isReached: Bool { isRatio ? reached >= wanted : reached <= wanted }
}

extension Target {
  /// The targets of which all was measured.
  static func outcomes(_ results: Results) -> [Outcome] {
    all.compactMap { $0.outcome(results) }
  }

  private func outcome(_ results: Results) -> Outcome? {
    switch against {
    case .peer(let peer, let times):
      return results.ratio(test, figure, to: peer).map {
        Outcome(label: label, against: peer.rawValue, wanted: times, reached: $0, isRatio: true)
      }
    case .bestPeer(let times):
      let ratios = [Peer.nbdkit, .qemuNbd, .nbdServer].compactMap { peer in
        results.ratio(test, figure, to: peer).map { (peer, $0) }
      }
      return ratios.min { $0.1 < $1.1 }.map { peer, ratio in
        Outcome(
          label: label,
          against: "\(peer.rawValue), the best",
          wanted: times,
          reached: ratio,
          isRatio: true
        )
      }
    case .number(let most):
      return results.median(test, figure, .nbdgen).map {
        Outcome(label: label, against: "-", wanted: most, reached: $0, isRatio: false)
      }
    case .other(let test, let times):
      guard let value = results.median(self.test, figure, .nbdgen),
        let base = results.median(test, figure, .nbdgen), base > 0
      else { return nil }
      return Outcome(
        label: label,
        against: "itself",
        wanted: times,
        reached: value / base,
        isRatio: false
      )
    }
  }

  /// The targets' table.
  static func table(_ outcomes: [Outcome]) -> [String] {
    let line = { (label: String, against: String, wanted: String, found: String, end: String) in
      Format.column(label, 52) + Format.column(against, 22)
        + Format.column(wanted, 16, isNumber: true) + Format.column(found, 12, isNumber: true)
        + "  " + end
    }
    return ["", line("target", "against", "to reach", "measured", "")]
      + outcomes.map { outcome in
        let format = outcome.isRatio ? Format.ratio : Format.figure
        return line(
          outcome.label,
          outcome.against,
          (outcome.isRatio ? "at least " : "at most ") + format(outcome.wanted),
          format(outcome.reached),
          outcome.isReached ? "reached" : "NOT REACHED"
        )
      }
  }
}
