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

  /// The descriptor while the file is open, and who uses it.
  struct OpenState {
    var descriptor: CInt = -1
    var readerCount: Int32 = 0
    var wasUsed = false
  }

  /// Creates the source for file `index` of `set`.
  package init(_ set: any HostFileSet, index: Int) {
    self.set = set
    self.index = index
  }

  deinit {
    state.withLock { if $0.descriptor >= 0 { host_close($0.descriptor) } }
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
    let descriptor = try acquire(mayWait: mayWait)
    defer { release() }
    var done = 0
    var error: Errno?
    do throws(Errno) {
      while done < count {
        let result = try HostCall.read(
          descriptor,
          count: count - done,
          at: offset + done,
          into: &output,
          mayWait: mayWait
        )
        if result == 0 { break }
        done += result
      }
    } catch let failure {
      if !mayWait && HostFile.wouldWait(failure) { throw failure }
      error = failure
    }
    if set.changePolicy == .serve {
      if let error { throw error }
      output.append(zeros: count - done)
      return nil
    }
    let current = FileSeal(try HostCall.status(of: descriptor))
    if let difference = set.seal(of: index).difference(from: current) { return difference }
    if let error { throw error }
    return done == count ? nil : "the file ends too early"
  }

  /// Takes the descriptor, opening the file if it is not open.
  func acquire(mayWait: Bool) throws(Errno) -> CInt {
    let open = state.withLock { state in
      if state.descriptor >= 0 { state.readerCount += 1 }
      state.wasUsed = true
      return state.descriptor
    }
    if open >= 0 { return open }

    let opened = try set.open(index, mayWait: mayWait)
    let (descriptor, isFirst) = state.withLock { state in
      let isFirst = state.descriptor < 0
      if isFirst { state.descriptor = opened }
      state.readerCount += 1
      return (state.descriptor, isFirst)
    }
    if isFirst {
      set.descriptors.insert(self)
    } else {
      host_close(opened)
    }
    return descriptor
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
      if state.descriptor >= 0 { host_close(state.descriptor) }
      state.descriptor = -1
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
