import CHost
import DiskModel
import Dispatch
import Synchronization
import SystemPackage

/// Lists directories on several threads, those first that come first in the tree.
final class ScanPool: Sendable {
  private let options: ScanOptions
  private let checksReadability = host_reads_everything() == 0
  private let state = Mutex(State())

  /// Counts the tasks, and what ends the threads.
  private let available = DispatchSemaphore(value: 0)

  /// Is signalled when the directory is complete that is waited for.
  private let completion = DispatchSemaphore(value: 0)

  private let threads = DispatchGroup()
  private let queue = DispatchQueue(label: "nbdgen.scan", attributes: .concurrent)

  private struct State {
    /// The last one is next.
    var tasks: [Task] = []
    var threadCount = 0
    /// Directories that were open when they were last looked at, oldest first.
    var open: [ScannedDirectory] = []
    var awaited: ScannedDirectory?
  }

  private enum Task {
    /// Lists the names, and makes pieces of them.
    case list(ScannedDirectory)
    /// Finds out what these names are, in a text.
    case look(ScannedDirectory, number: Int, text: [UInt8], names: [Range<Int>])
  }

  /// How many directories are kept open.
  private static let openLimit = 128

  /// Names in a piece of a listing: enough for a thread not to wait for others, few
  /// enough for a large directory to be shared among them.
  private static let chunkSize = 2048

  /// With fewer tasks than this, one thread is faster.
  private static let backlog = 8

  init(_ options: ScanOptions) {
    self.options = options
  }

  /// Starts listing a directory.
  func start(_ directory: ScannedDirectory) { push([.list(directory)]) }

  /// Waits for a directory, and works in the meantime.
  func finish(_ directory: ScannedDirectory) {
    while !directory.isComplete {
      if available.wait(timeout: .now()) == .success {
        if let task = pop() { run(task) }
        continue
      }
      state.withLock { $0.awaited = directory }
      // It may have been completed before anybody could know that it is awaited.
      if !directory.isComplete { completion.wait() }
      state.withLock { $0.awaited = nil }
    }
  }

  /// Ends the threads; nothing may be left to do.
  func end() {
    let count = state.withLock { $0.threadCount }
    for _ in 0..<count { available.signal() }
    threads.wait()
  }

  private func push(_ tasks: [Task]) {
    guard !tasks.isEmpty else { return }
    let isBehind = state.withLock { state in
      state.tasks += tasks.reversed()
      guard state.tasks.count >= Self.backlog, state.threadCount < options.threadCount - 1 else {
        return false
      }
      state.threadCount += 1
      return true
    }
    for _ in tasks { available.signal() }
    guard isBehind else { return }
    queue.async(group: threads) { [self] in
      while true {
        available.wait()
        guard let task = pop() else { return }
        run(task)
      }
    }
  }

  private func pop() -> Task? { state.withLock { $0.tasks.popLast() } }

  private func run(_ task: Task) {
    switch task {
    case .list(let directory):
      list(directory)
      directory.parent?.finishWork()
      directory.finishWork()
      tellIfComplete(directory)
    case .look(let directory, let number, let text, let names):
      look(at: names, of: text, in: directory, number: number)
      directory.finishWork()
      tellIfComplete(directory)
    }
  }

  private func tellIfComplete(_ directory: ScannedDirectory) {
    let isAwaited = state.withLock { $0.awaited === directory }
    if isAwaited && directory.isComplete { completion.signal() }
  }

  private func list(_ directory: ScannedDirectory) {
    let descriptor: CInt
    do throws(Errno) {
      descriptor = try directory.acquire()
    } catch .noSuchFileOrDirectory {
      return directory.fail(.vanished)
    } catch .staleNFSFileHandle {
      return directory.fail(.cause("the directory was replaced during the scan"))
    } catch {
      return directory.fail(.cause(error.description))
    }
    defer { directory.release() }
    noteOpen(directory)
    do throws(Errno) {
      let (text, names) = try DirectoryLister.sortedNames(in: descriptor)
      guard names.count > Self.chunkSize else {
        directory.expect(chunks: 1)
        look(at: names, of: text, in: directory, number: 0)
        directory.finishWork()
        return
      }
      let starts = Array(stride(from: 0, to: names.count, by: Self.chunkSize))
      directory.expect(chunks: starts.count)
      push(
        starts.enumerated().map { number, start in
          let names = names[start..<min(start + Self.chunkSize, names.count)]
          return .look(directory, number: number, text: text, names: Array(names))
        }
      )
    } catch {
      directory.fail(.cause("cannot be listed: \(error.description)"))
    }
  }

  /// Keeps few directories open; the one that was opened first is closed first.
  private func noteOpen(_ directory: ScannedDirectory) {
    state.withLock { state in
      state.open.append(directory)
      guard state.open.count > Self.openLimit else { return }
      state.open.removeAll { !$0.isOpen }
      if state.open.count > Self.openLimit,
        let index = state.open.firstIndex(where: { $0.closeIfIdle() })
      {
        state.open.remove(at: index)
      }
    }
  }

  private func look(
    at names: [Range<Int>],
    of text: [UInt8],
    in directory: ScannedDirectory,
    number: Int
  ) {
    var lister = DirectoryLister(
      directory,
      options: options,
      checksReadability: checksReadability
    )
    do throws(Errno) {
      let descriptor = try directory.acquire()
      defer { directory.release() }
      lister.look(at: names, of: text, in: descriptor)
    } catch {
      lister.report("cannot be listed: \(error.description)", name: 0..<0)
    }
    let chunk = lister.chunk
    directory.fill(number, with: chunk)
    push(chunk.subdirectories.map { .list($0.directory) })
  }
}
