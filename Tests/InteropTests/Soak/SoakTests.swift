import Foundation
import TestSupport
import Testing

/// Where the soak test runs, beside the other tests.
@globalActor
actor SoakThread {
  static let shared = SoakThread()
  private static let executor = ThreadExecutor(name: "soak")
  nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe Self.executor.asUnownedSerialExecutor()
  }
}

/// What the environment wants of the soak test.
private enum SoakPlan {
  static let seconds = number("NBDGEN_SOAK_SECONDS") ?? 120
  static let seed = UInt64(number("NBDGEN_SOAK_SEED") ?? 0x50AC)

  private static func number(_ variable: String) -> Int? {
    let number = ProcessInfo.processInfo.environment[variable].flatMap { Int($0) }
    return number.flatMap { $0 < 0 ? nil : $0 }
  }
}

/// All that clients can do, by 200 of them at once, for a long time.
///
/// `NBDGEN_SOAK_SECONDS` says for how long, `NBDGEN_SOAK_SEED` what they do.
@SoakThread
@Suite(.tags(.interop), .timeLimit(.minutes(15 + SoakPlan.seconds / 60)))
struct SoakTests {
  private static let seconds = SoakPlan.seconds
  private static let seed = SoakPlan.seed

  /// How much more memory a server may have than after the warm-up, in bytes.
  ///
  /// After the last of many clients the allocator gives back every page on which
  /// nothing is left. What remains of few connections can keep more pages than
  /// it fills: that differs from run to run, but does not grow with their number,
  /// of which there are tens of thousands. A kilobyte lost by each would show.
  nonisolated private static let margin = 8 << 20

  @Test("200 clients that do everything at once get the right bytes, and leave nothing behind")
  func soak() throws {
    let disks = [try SoakDisk.tree(), try SoakDisk.data(seed: Self.seed)]
    let processes = disks.map { ServerProcess($0.server) }
    // Others test at the same time, some of them how long something takes.
    for thread in try processes.flatMap({ try $0.threads() }) { giveWay(thread) }

    let warmUp = SoakCrowd(disks, seed: Self.seed &+ 1)
    warmUp.run(clientCount: 200, seconds: 10)
    var before: [ServerUse] = []
    for process in processes { before.append(try ServerUse(of: process, reaching: nil)) }

    let crowd = SoakCrowd(disks, seed: Self.seed)
    crowd.run(clientCount: 200, seconds: Double(Self.seconds))
    let problems = warmUp.problems + crowd.problems
    #expect(problems.isEmpty, "seed \(Self.seed):\n\(summary(problems))")
    print("soak test: \(crowd.counts.sorted { $0.key < $1.key }), \(crowd.byteCount) bytes")
    if Self.seconds >= 60 {
      // Everything took place, and more than a few times.
      for act in SoakClient.Act.allCases { #expect(crowd.counts["\(act)", default: 0] > 50) }
    }

    for (index, process) in processes.enumerated() {
      let wanted = before[index]
      let found = try ServerUse(of: process, reaching: wanted)
      print("soak test: before \(wanted), after \(found)")
      #expect(found.descriptors <= wanted.descriptors, "seed \(Self.seed)")
      // Those that wait for storage, and the one that gives memory back, are started when
      // they are needed first.
      let threads = wanted.threads...wanted.threads + 9
      #expect(threads.contains(found.threads), "\(found), seed \(Self.seed)")
      #expect(found.memory <= wanted.memory + Self.margin, "\(wanted), \(found), seed \(Self.seed)")
    }
    for disk in disks {
      let client = try NBDTestClient.connect(disk.endpoint)
      let whole = try client.read(offset: 0, length: UInt32(disk.bytes.count)).bytes
      #expect(disk.holds(whole, at: 0) && whole.count == disk.bytes.count)
      try client.disconnect()
      #expect(try disk.server.stop() == 0)
    }
  }

  /// What a server uses of the host once all clients have left.
  private struct ServerUse {
    var memory: Int
    var descriptors: Int
    var threads: Int

    /// Looks until nothing has changed for a while, or until it is no more than
    /// it was before and the margin; and at last after a minute.
    init(of process: ServerProcess, reaching before: ServerUse?) throws {
      self = try ServerUse(of: process)
      var quietCount = 0
      for _ in 0..<600 where quietCount < 20 {
        usleep(100_000)
        let now = try ServerUse(of: process)
        let isSettled =
          before.map {
            now.memory <= $0.memory + SoakTests.margin && now.descriptors <= $0.descriptors
          }
          ?? (now.memory == memory && now.descriptors == descriptors)
        quietCount = isSettled ? quietCount + 1 : 0
        self = now
      }
    }

    private init(of process: ServerProcess) throws {
      memory = try process.memory("VmRSS")
      descriptors = try process.descriptorCount()
      threads = try process.threads().count
    }
  }
}

/// Lets a thread run behind those of others.
func giveWay(_ thread: Int32) {
  _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), id_t(thread), 10)
}
