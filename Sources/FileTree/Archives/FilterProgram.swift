import CHost
import DiskModel
import SystemPackage

/// A program that decompresses an archive into a temporary file.
struct FilterProgram {
  /// Its name, which is looked for in `PATH`.
  let name: String

  /// Where temporary files go.
  let directory: String

  private static let pieceSize = 1 << 18

  /// Decompresses an archive.
  ///
  /// - Returns: What came out, in a file without a name.
  /// - Throws: ``ArchiveFailure``; nothing is left behind then.
  func decompress(
    _ archive: ArchiveBytes,
    descriptors: DescriptorCache
  ) throws(ArchiveFailure) -> ArchiveBytes {
    let output: CInt
    do throws(Errno) {
      output = try HostCall.check(unsafe host_open_temporary(directory))
    } catch {
      let shown = HostPath.printable(directory.utf8)
      throw ArchiveFailure(
        archive.name,
        "no temporary file can be made in \(shown): \(error.description); TMPDIR says where"
      )
    }
    do throws(ArchiveFailure) {
      try run(archive, output: output)
    } catch {
      host_close(output)
      throw error
    }
    do throws(Errno) {
      let file = try TemporaryFile(output, name: archive.name, descriptors: descriptors)
      return ArchiveBytes(
        name: archive.name,
        source: HostFile(file, index: 0),
        offset: 0,
        size: file.size
      )
    } catch {
      throw ArchiveFailure(archive.name, error.description)
    }
  }

  private func run(_ archive: ArchiveBytes, output: CInt) throws(ArchiveFailure) {
    var process: CInt = 0
    var errors: CInt = -1
    let input: CInt
    do throws(Errno) {
      input = try HostCall.check(unsafe host_spawn_filter(name, "-dc", output, &process, &errors))
    } catch .noSuchFileOrDirectory {
      throw ArchiveFailure(
        archive.name,
        "is compressed by \(name), and there is no program \(name) to decompress it; install it, "
          + "or give the archive decompressed or as gzip"
      )
    } catch {
      throw ArchiveFailure(archive.name, "\(name) cannot be started: \(error.description)")
    }
    let sent = Result { () throws(ArchiveFailure) in try send(archive, to: input) }
    host_close(input)
    let message = firstLine(errors)
    host_close(errors)
    let status = host_wait_child(process)
    try sent.get()
    guard status != 0 else { return }
    let end = status > 128 ? "was killed by signal \(status - 128)" : "ended with status \(status)"
    let room = message == nil ? "; is there room in \(HostPath.printable(directory.utf8))?" : ""
    throw ArchiveFailure(
      archive.name,
      "\(name) -dc \(end)" + (message.map { ": \($0)" } ?? room)
    )
  }

  /// Sends all bytes, or those that the program takes.
  private func send(_ archive: ArchiveBytes, to input: CInt) throws(ArchiveFailure) {
    var position = 0
    while position < archive.size {
      let piece = try archive.bytes(Self.pieceSize, at: position)
      position += piece.count
      var sent = 0
      while sent < piece.count {
        let result = unsafe piece.withUnsafeBytes { bytes in
          unsafe host_send(input, bytes.baseAddress?.advanced(by: sent), bytes.count - sent)
        }
        // It says itself why it reads no more.
        guard result > 0 else { return }
        sent += Int(result)
      }
    }
  }

  /// The first line of what the program has to say, for people.
  private func firstLine(_ errors: CInt) -> String? {
    var text: [UInt8] = []
    while let piece = try? HostCall.readStream(errors, count: 4096), !piece.isEmpty {
      if text.count < 4096 { text += piece }
    }
    let line = text.split(separator: 10).first.map { HostPath.printable($0.prefix(300)) }
    // It names itself first; so does the error.
    return line.map { $0.hasPrefix("\(name): ") ? String($0.dropFirst(name.count + 2)) : $0 }
  }
}
