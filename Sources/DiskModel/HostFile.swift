import CHost
import Synchronization
import SystemPackage

/// A file of the host as a source of bytes: opened when it is read, and sealed.
///
/// Every read compares the open file with its seal after the bytes are in. A
/// file that changed in any way since the disk was built cannot be read any
/// more: never are there other bytes than it had then.
public final class HostFile: ByteSource {
  /// Knows how to open the file, and what it was.
  let set: any HostFileSet

  /// The file's number in the set.
  let index: Int

  private let state = Mutex(OpenState())

  /// The file while it is open, and who uses it.
  struct OpenState {
    var handle: Handle?
    var readerCount: Int32 = 0
    var wasUsed = false
  }

  /// An open file.
  struct Handle {
    var descriptor: CInt
    /// The same in memory, of large files.
    var mapping: FileMapping?

    func close() {
      mapping?.end()
      host_close(descriptor)
    }
  }

  /// Creates the source for file `index` of `set`.
  package init(_ set: any HostFileSet, index: Int) {
    self.set = set
    self.index = index
  }

  /// The file's path, for people.
  package var path: String { self.set.path(of: index) }

  deinit {
    state.withLock { $0.handle?.close() }
  }

  /// Reads bytes of the file, waiting for storage if need be.
  ///
  /// - Throws: ``ReadFailure`` if the file cannot be opened or read, or is not
  ///   the one that was sealed.
  public func read(
    _ count: Int,
    at offset: Int,
    into output: inout OutputRawSpan
  ) throws(ReadFailure) {
    _ = try read(count, at: offset, into: &output, mayWait: true)
  }

  /// Reads bytes of the file if they are in the host's memory.
  public func readWithoutWaiting(
    _ count: Int,
    at offset: Int,
    into output: inout OutputRawSpan
  ) throws(ReadFailure) -> Bool {
    try read(count, at: offset, into: &output, mayWait: false)
  }

  private func read(
    _ count: Int,
    at offset: Int,
    into output: inout OutputRawSpan,
    mayWait: Bool
  ) throws(ReadFailure) -> Bool {
    let difference: String?
    do throws(Errno) {
      difference = try readSealed(count, at: offset, into: &output, mayWait: mayWait)
    } catch {
      if !mayWait && HostFile.wouldWait(error) { return false }
      throw failure(HostFile.cause(of: error), at: offset)
    }
    if let difference { throw failure(difference, at: offset) }
    return true
  }

  /// Reads, and says afterwards how the file differs from its seal, if it does.
  private func readSealed(
    _ count: Int,
    at offset: Int,
    into output: inout OutputRawSpan,
    mayWait: Bool
  ) throws(Errno) -> String? {
    let handle = try acquire(mayWait: mayWait)
    defer { release() }
    var done = 0
    var error: Errno?
    do throws(Errno) {
      done = try fill(count, at: offset, into: &output, from: handle, mayWait: mayWait)
    } catch let failure {
      if !mayWait && HostFile.wouldWait(failure) { throw failure }
      error = failure
    }
    if set.changePolicy == .serve {
      if let error { throw error }
      output.append(zeros: count - done)
      return nil
    }
    let current = FileSeal(try HostCall.status(of: handle.descriptor))
    if let difference = set.seal(of: index).difference(from: current) { return difference }
    if let error { throw error }
    return done == count ? nil : "the file ends too early"
  }

  /// Reads bytes of the file if they are in the host's memory, and has it looked at later.
  public func readWithoutWaiting(
    _ count: Int,
    at offset: Int,
    into output: inout OutputRawSpan,
    deferring checks: inout DeferredChecks
  ) throws(ReadFailure) -> Bool {
    if set.changePolicy != .serve {
      let start = output.byteCount
      do throws(Errno) {
        if let handle = try checks.take(self, at: offset) {
          let done = try fill(count, at: offset, into: &output, from: handle, mayWait: false)
          if done == count { return true }
        }
      } catch {
        if HostFile.wouldWait(error) { return false }
      }
      output.removeLast(output.byteCount - start)
    }
    // Says what is wrong.
    return try read(count, at: offset, into: &output, mayWait: false)
  }

  /// Where bytes of the file are, if they are in the host's memory and the file is
  /// mapped.
  func place(
    of count: Int,
    at offset: Int,
    deferring checks: inout DeferredChecks
  ) -> BorrowedBytes? {
    guard set.changePolicy != .serve, let handle = try? checks.take(self, at: offset) else {
      return nil
    }
    return handle.mapping?.place(of: count, at: offset)
  }

  /// What the open file differs in from the one that was sealed, if it does.
  func change(of handle: Handle) -> String? {
    do throws(Errno) {
      let current = FileSeal(try HostCall.status(of: handle.descriptor))
      return set.seal(of: index).difference(from: current)
    } catch {
      return HostFile.cause(of: error)
    }
  }

  /// Appends bytes of the open file; fewer than `count` if it ends before.
  ///
  /// - Throws: The host's error; what was appended until then has no meaning.
  private func fill(
    _ count: Int,
    at offset: Int,
    into output: inout OutputRawSpan,
    from handle: Handle,
    mayWait: Bool
  ) throws(Errno) -> Int {
    if !mayWait, let mapping = handle.mapping, mapping.copy(count, at: offset, into: &output) {
      return count
    }
    var done = 0
    while done < count {
      let result = try HostCall.read(
        handle.descriptor,
        count: count - done,
        at: offset + done,
        into: &output,
        mayWait: mayWait
      )
      if result == 0 { return done }
      done += result
    }
    if !mayWait { handle.mapping?.noteCached(count, at: offset) }
    return done
  }

  /// Takes the open file, opening it if it is not.
  func acquire(mayWait: Bool) throws(Errno) -> Handle {
    let open = state.withLock { state in
      if state.handle != nil { state.readerCount += 1 }
      state.wasUsed = true
      return state.handle
    }
    if let open { return open }

    let descriptor = try set.open(index, mayWait: mayWait)
    let new = Handle(
      descriptor: descriptor,
      // What may change at any time is better read.
      mapping: set.changePolicy == .serve
        ? nil : FileMapping(of: descriptor, size: set.size(of: index))
    )
    let (handle, isFirst) = state.withLock { state in
      let isFirst = state.handle == nil
      let handle = state.handle ?? new
      state.handle = handle
      state.readerCount += 1
      return (handle, isFirst)
    }
    if isFirst { set.descriptors.insert(self) } else { new.close() }
    return handle
  }

  func release() {
    state.withLock { $0.readerCount -= 1 }
  }

  /// What became of a file that the cache wants to close.
  enum CloseOutcome {
    case closed, inUse, usedLately
  }

  /// Closes the file if nobody reads it and nobody did since the last call.
  func closeIfIdle() -> CloseOutcome {
    state.withLock { state in
      if state.readerCount > 0 { return .inUse }
      if state.wasUsed {
        state.wasUsed = false
        return .usedLately
      }
      state.handle?.close()
      state.handle = nil
      return .closed
    }
  }

  func failure(_ cause: String, at offset: Int) -> ReadFailure {
    ReadFailure(subject: set.path(of: index), offset: offset, cause: cause)
  }

  private static func wouldWait(_ error: Errno) -> Bool {
    error == .resourceTemporarilyUnavailable || error == .notSupported
  }

  /// What an error of opening or reading means for a file that was there when
  /// the disk was built.
  private static func cause(of error: Errno) -> String {
    switch error {
    case .noSuchFileOrDirectory, .notDirectory:
      "the file is gone since the disk was built"
    case .noSuchAddressOrDevice:  // a socket, or a device without a driver
      "another file has taken its place since the disk was built"
    case .tooManySymbolicLinkLevels, Errno(rawValue: 18):  // EXDEV: led out of the tree
      "a symbolic link has taken the place of the file or of a directory above it"
    default:
      error.description
    }
  }
}
