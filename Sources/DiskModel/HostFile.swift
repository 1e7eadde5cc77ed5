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

  /// Where the file is open, unless it was closed since.
  private let lease = Mutex<OpenSlot.Lease?>(nil)

  /// Creates the source for file `index` of `set`.
  package init(_ set: any HostFileSet, index: Int) {
    self.set = set
    self.index = index
  }

  /// The file's path, for people.
  package var path: String { self.set.path(of: index) }

  deinit {
    lease.withLock { $0?.end() }
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
    let file = try acquire(mayWait: mayWait)
    defer { file.release() }
    var done = 0
    var error: Errno?
    do throws(Errno) {
      done = try fill(count, at: offset, into: &output, from: file, mayWait: mayWait)
    } catch let failure {
      if !mayWait && HostFile.wouldWait(failure) { throw failure }
      error = failure
    }
    if set.changePolicy == .serve {
      if let error { throw error }
      output.append(zeros: count - done)
      return nil
    }
    let current = FileSeal(try HostCall.status(of: file.descriptor))
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
    guard checks.mayAskHost else {
      return copyMapped(count, at: offset, into: &output, deferring: &checks)
    }
    if set.changePolicy != .serve {
      let start = output.byteCount
      do throws(Errno) {
        if let file = try checks.take(self, at: offset) {
          let done = try fill(count, at: offset, into: &output, from: file, mayWait: false)
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

  /// Appends bytes of the file if it is open and mapped, and they are known to be there.
  private func copyMapped(
    _ count: Int,
    at offset: Int,
    into output: inout OutputRawSpan,
    deferring checks: inout DeferredChecks
  ) -> Bool {
    guard set.changePolicy != .serve, let open = lease.withLock({ $0?.acquire() }) else {
      return false
    }
    defer { open.release() }
    // Without it there is nothing to be looked at later.
    guard open.mapping?.place(of: count, at: offset) != nil,
      let file = try? checks.take(self, at: offset)
    else { return false }
    return file.mapping?.copy(count, at: offset, into: &output) ?? false
  }

  /// Where bytes of the file are, if they are in the host's memory and the file is
  /// mapped.
  func place(
    of count: Int,
    at offset: Int,
    deferring checks: inout DeferredChecks
  ) -> BorrowedBytes? {
    guard set.changePolicy != .serve, let file = try? checks.take(self, at: offset) else {
      return nil
    }
    return file.mapping?.place(of: count, at: offset)
  }

  /// What the open file differs in from the one that was sealed, if it does.
  func change(of file: OpenFile) -> String? {
    do throws(Errno) {
      let current = FileSeal(try HostCall.status(of: file.descriptor))
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
    from file: OpenFile,
    mayWait: Bool
  ) throws(Errno) -> Int {
    if !mayWait, let mapping = file.mapping, mapping.copy(count, at: offset, into: &output) {
      return count
    }
    var done = 0
    while done < count {
      let result = try HostCall.read(
        file.descriptor,
        count: count - done,
        at: offset + done,
        into: &output,
        mayWait: mayWait
      )
      if result == 0 { return done }
      done += result
    }
    if !mayWait { file.mapping?.noteCached(count, at: offset) }
    return done
  }

  /// Takes the open file, opening it if it is not; whoever takes it has to release it.
  func acquire(mayWait: Bool) throws(Errno) -> OpenFile {
    if let file = lease.withLock({ $0?.acquire() }) { return file }
    let descriptor = try set.open(index, mayWait: mayWait)
    // What may change at any time is better read.
    let mapping =
      set.changePolicy == .serve ? nil : FileMapping(of: descriptor, size: set.size(of: index))
    let new = set.descriptors.insert(descriptor, mapping)
    return lease.withLock { lease in
      // Somebody else may have been faster.
      if let file = lease?.acquire() {
        new.file.release()
        new.lease.end()
        return file
      }
      lease = new.lease
      return new.file
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
