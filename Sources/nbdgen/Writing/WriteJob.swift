import CHost
import DiskModel
import GeneratorKit
import SystemPackage

/// Writes one disk to one place.
struct WriteJob {
  var place: OutputPlace
  var format: ImageFormat
  var isQuiet: Bool

  /// What was written.
  struct Outcome {
    /// Size of the disk in bytes.
    var size: Int
    /// How many of these had content; `nil` if nobody counted.
    var dataSize: Int?
    /// What the user should know, in a line.
    var note: String?
  }

  /// Writes the disk; a signal ends the program, and leaves nothing.
  ///
  /// - Throws: ``UserError``; nothing is left then.
  func run(_ disk: Disk) throws(UserError) -> Outcome {
    host_ignore_size_signal()
    switch (place.kind, format) {
    case (.file, .raw): return try writeRaw(disk)
    case (.file, .qcow2): return try writeImage(disk)
    case (.device, .raw): return try writeDevice(disk)
    case (.device, .qcow2):
      throw UserError(
        usage: "\(place.shown): a block device holds the raw disk; leave out --format"
      )
    }
  }

  private func writeRaw(_ disk: Disk) throws(UserError) -> Outcome {
    let output = try OutputFile(place)
    return try watched(cleanup: { output.discard() }) { progress throws(UserError) in
      do throws(Errno) {
        try HostCall.checked(host_set_size(output.descriptor, Int64(disk.size)))
      } catch {
        throw refusal(error, disk)
      }
      let dataSize = try write(DiskWriter(disk: disk, target: output.descriptor), progress)
      try complete(output, disk)
      return Outcome(size: disk.size, dataSize: dataSize)
    }
  }

  private func writeImage(_ disk: Disk) throws(UserError) -> Outcome {
    let output = try OutputFile(place)
    let image = QemuImage(disk, format: format.rawValue, path: output.temporaryPath)
    let cleanup: @Sendable () -> Void = {
      image.abandon()
      output.discard()
    }
    return try watched(cleanup: cleanup) { progress throws(UserError) in
      do throws(QemuImage.Failure) {
        try image.write { progress.show("MiB read", $0 >> 20) }
      } catch {
        switch error {
        case .source(let problem): throw UserError(host: problem)
        case .host(let problem): throw UserError(host: "\(place.shown): \(problem)")
        }
      }
      try complete(output, disk)
      return Outcome(size: disk.size)
    }
  }

  private func writeDevice(_ disk: Disk) throws(UserError) -> Outcome {
    let device: CInt
    do throws(Errno) {
      device = try HostCall.openDevice(place.path)
    } catch {
      let advice = error == .resourceBusy ? "; is it mounted?" : ""
      throw UserError(host: "\(place.shown): cannot be opened: \(error.description)\(advice)")
    }
    defer { host_close(device) }
    let size = Int(host_device_size(device))
    guard size >= disk.size else {
      let (has, needs) = (Size.describe(size), Size.describe(disk.size))
      throw UserError(host: "\(place.shown): has \(has); the disk needs \(needs)")
    }
    return try watched { progress throws(UserError) in
      let writer = DiskWriter(disk: disk, target: device, clearsHoles: true)
      let dataSize = try write(writer, progress)
      do throws(Errno) {
        try HostCall.checked(host_synchronize(device))
      } catch {
        throw refusal(error, disk)
      }
      let rest = size - disk.size
      let note = rest > 0 ? "the device's last \(Size.describe(rest)) are as they were" : nil
      return Outcome(size: disk.size, dataSize: dataSize, note: note)
    }
  }

  private func write(
    _ writer: DiskWriter,
    _ progress: ProgressLine
  ) throws(UserError) -> Int {
    do throws(DiskWriter.Failure) {
      return try writer.write { state in
        let note = Size.describe(state.dataSize) + " of data"
        progress.show(state.position, of: writer.disk.size, note)
      }
    } catch {
      switch error {
      case .source(let failure): throw UserError(host: failure.description)
      case .target(let error): throw refusal(error, writer.disk)
      }
    }
  }

  private func complete(_ output: OutputFile, _ disk: Disk) throws(UserError) {
    do throws(Errno) {
      try output.complete()
    } catch {
      throw refusal(error, disk)
    }
  }

  /// The host does not take what should be written.
  private func refusal(_ error: Errno, _ disk: Disk) -> UserError {
    let size = Size.describe(disk.size)
    switch error {
    case .fileTooLarge:
      return UserError(
        host: "\(place.shown): a file of \(size) is larger than the filesystem or ulimit -f allows"
      )
    case .fileExists:
      return UserError(host: "\(place.shown): exists since a moment ago; --force replaces it")
    default:
      return UserError(host: "\(place.shown): cannot be written: \(error.description)")
    }
  }

  /// Does something that a signal ends, and the program with it.
  ///
  /// - Parameters:
  ///   - cleanup: Removes what was made, if it is not completed; any thread calls it.
  ///   - body: What to do.
  /// - Returns: What came of it.
  /// - Throws: What `body` throws, after the cleanup.
  private func watched<Result>(
    cleanup: @escaping @Sendable () -> Void = {},
    _ body: (ProgressLine) throws(UserError) -> Result
  ) throws(UserError) -> Result {
    let progress = ProgressLine(isQuiet: isQuiet)
    let watch = BuildWatch {
      progress.clear()
      cleanup()
    }
    defer {
      watch.end()
      progress.clear()
    }
    do throws(UserError) {
      return try body(progress)
    } catch {
      cleanup()
      throw error
    }
  }
}

/// What a file with a disk looks like.
enum ImageFormat: String, CaseIterable {
  /// The disk's bytes.
  case raw
  /// Qemu's own.
  case qcow2

  /// The form that an option names, or a file's name; raw unless told otherwise.
  init(_ option: String?, path: String) throws(UserError) {
    guard let option else {
      self = path.lowercased().hasSuffix(".qcow2") ? .qcow2 : .raw
      return
    }
    guard let format = ImageFormat(rawValue: option) else {
      throw UserError(usage: "--format \(option): not a format; write raw or qcow2")
    }
    self = format
  }

  /// How names of such files end.
  var suffix: String { self == .raw ? "img" : "qcow2" }
}
