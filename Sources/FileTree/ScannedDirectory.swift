import CHost
import DiskModel
import Synchronization
import SystemPackage

/// A directory that is being scanned, and what was found in it.
final class ScannedDirectory: Sendable {
  /// The directory that it is in; `nil` for the root.
  let parent: ScannedDirectory?

  /// Its name there, with a zero byte behind.
  private let name: [UInt8]

  /// Which directory it was when its parent was listed.
  let identity: TreeParts.HostIdentity

  private let state: Mutex<State>

  private struct State {
    /// -1 while the directory is closed.
    var descriptor: CInt = -1
    /// Who reads from the descriptor now.
    var userCount = 0
    /// For how many pieces of work the directory must be open still.
    var needCount = 1
    var chunks: [ScannedChunk?] = []
    /// Pieces of the listing that are not there yet; `nil` before it is known how
    /// many there are.
    var missingCount: Int?
    var failure: Failure?
  }

  /// Why there is no listing.
  enum Failure {
    /// The directory is not there any more.
    case vanished
    /// Something else, for people.
    case cause(String)
  }

  init(
    parent: ScannedDirectory?,
    name: [UInt8],
    identity: TreeParts.HostIdentity,
    descriptor: CInt = -1
  ) {
    self.parent = parent
    self.name = name
    self.identity = identity
    state = Mutex(State(descriptor: descriptor))
  }

  /// The path from the root, without a leading slash.
  var path: [UInt8] {
    var names: [ArraySlice<UInt8>] = []
    var current = self
    while let parent = current.parent {
      names.append(current.name.dropLast())
      current = parent
    }
    return Array(names.reversed().joined(separator: [UInt8(ascii: "/")]))
  }

  // MARK: What was found

  /// Expects so many pieces of the listing, each of which is a piece of work.
  func expect(chunks count: Int) {
    state.withLock {
      $0.chunks = [ScannedChunk?](repeating: nil, count: count)
      $0.missingCount = count
      $0.needCount += count
    }
  }

  /// Takes in a piece of the listing, whose subdirectories are pieces of work, too.
  func fill(_ number: Int, with chunk: ScannedChunk) {
    state.withLock {
      $0.needCount += chunk.subdirectories.count
      $0.chunks[number] = chunk
      $0.missingCount = ($0.missingCount ?? 1) - 1
    }
  }

  /// Takes in that there will be no listing.
  func fail(_ failure: Failure) {
    state.withLock {
      $0.failure = failure
      $0.missingCount = 0
    }
  }

  /// Whether everything that will be found is there.
  var isComplete: Bool { state.withLock { $0.missingCount == 0 } }

  /// Why there is no listing, if it failed.
  var failure: Failure? { state.withLock { $0.failure } }

  /// Hands out the listing, once.
  func takeChunks() -> [ScannedChunk] {
    state.withLock { state in
      defer { state.chunks = [] }
      return state.chunks.compactMap(\.self)
    }
  }

  // MARK: The open directory

  /// Takes the descriptor for a while; a directory that was closed meanwhile is
  /// opened by its path.
  func acquire() throws(Errno) -> CInt {
    if let descriptor = use() { return descriptor }
    // From the first directory above that is open, downwards.
    var closed = [self]
    var base: CInt?
    var owner: ScannedDirectory?
    while base == nil, let above = closed[closed.count - 1].parent {
      base = above.use()
      owner = above
      if base == nil { closed.append(above) }
    }
    defer { owner?.release() }
    guard var current = base else { throw .badFileDescriptor }
    var isOwn = false
    for directory in closed.reversed() {
      let result = Result { () throws(Errno) in try directory.open(in: current) }
      if isOwn { host_close(current) }
      current = try result.get()
      isOwn = true
    }
    return keep(current)
  }

  private func use() -> CInt? {
    state.withLock { state in
      guard state.descriptor >= 0 else { return nil }
      state.userCount += 1
      return state.descriptor
    }
  }

  /// Keeps a descriptor, unless there is one by now, and uses it.
  private func keep(_ descriptor: CInt) -> CInt {
    let kept = state.withLock { state in
      if state.descriptor < 0 { state.descriptor = descriptor }
      state.userCount += 1
      return state.descriptor
    }
    if kept != descriptor { host_close(descriptor) }
    return kept
  }

  /// Gives the descriptor back.
  func release() { state.withLock { $0.userCount -= 1 } }

  /// Opens the directory in its parent, and makes sure that it is the same.
  private func open(in parent: CInt) throws(Errno) -> CInt {
    let opened = unsafe name.withUnsafeBytes { bytes in
      unsafe host_open_directory_at(
        parent,
        bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
      )
    }
    return try checked(try HostCall.check(opened))
  }

  /// The descriptor, if it is of this directory.
  private func checked(_ descriptor: CInt) throws(Errno) -> CInt {
    do throws(Errno) {
      let status = try HostCall.status(of: descriptor)
      if status.device == identity.device && status.inode == identity.inode { return descriptor }
    } catch {
      host_close(descriptor)
      throw error
    }
    host_close(descriptor)
    throw .staleNFSFileHandle
  }

  /// Takes note that a piece of work is done; the last one closes the directory, and
  /// opens the one above if that is needed and was closed.
  func finishWork() {
    let last = state.withLock { state -> CInt? in
      state.needCount -= 1
      guard state.needCount == 0, parent != nil else { return nil }
      defer { state.descriptor = -1 }
      return state.descriptor
    }
    guard let last, last >= 0 else { return }
    if let parent, parent.state.withLock({ $0.needCount > 0 && $0.descriptor < 0 }) {
      let opened = unsafe host_open_directory_at(last, "..")
      if opened >= 0, let descriptor = try? parent.checked(opened) {
        _ = parent.keep(descriptor)
        parent.release()
      }
    }
    host_close(last)
  }

  /// Closes the directory for the sake of others, if nobody uses it now.
  ///
  /// - Returns: Whether it is closed.
  func closeIfIdle() -> Bool {
    state.withLock { state in
      guard state.descriptor >= 0 else { return true }
      guard state.userCount == 0, parent != nil else { return false }
      host_close(state.descriptor)
      state.descriptor = -1
      return true
    }
  }

  /// Whether it is open, so that it counts.
  var isOpen: Bool { state.withLock { $0.descriptor >= 0 } }
}

/// A part of a directory's listing: entries and nodes with numbers of their own.
struct ScannedChunk: Sendable {
  /// The entries, each with a node of the same number; the link counts are the
  /// host's.
  var parts = TreeParts()

  /// What is wrong, and with which names.
  var problems: [(name: Range<Int>, cause: String)] = []
  var problemCount = 0

  /// The directories among the entries, in order.
  var subdirectories: [(entry: Int, directory: ScannedDirectory)] = []
}
