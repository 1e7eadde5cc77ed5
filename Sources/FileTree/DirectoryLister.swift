import CHost
import DiskModel
import SystemPackage

/// Finds out what is in a directory, or in a part of it.
struct DirectoryLister {
  /// What was found so far.
  private(set) var chunk = ScannedChunk()

  private let directory: ScannedDirectory
  let options: ScanOptions
  /// Whether the user may lack the right to read some files.
  private let checksReadability: Bool

  init(_ directory: ScannedDirectory, options: ScanOptions, checksReadability: Bool) {
    self.directory = directory
    self.options = options
    self.checksReadability = checksReadability
  }

  var parts: TreeParts {
    get { chunk.parts }
    _modify { yield &chunk.parts }
  }

  /// Takes note of what is wrong with a name, or with the directory.
  mutating func report(_ cause: String, name: Range<Int>) {
    chunk.problemCount += 1
    if chunk.problems.count < ScanFailure.problemLimit { chunk.problems.append((name, cause)) }
  }

  /// Adds the files of these names of a text, in order.
  mutating func look(at names: [Range<Int>], of text: [UInt8], in descriptor: CInt) {
    let path = options.filter.comparesPaths ? directory.path : []
    parts.entries.reserveCapacity(names.count)
    parts.nodes.reserveCapacity(names.count)
    parts.identities.reserveCapacity(names.count)
    for name in names {
      let start = parts.text.count
      parts.text.append(contentsOf: text[name])
      parts.text.append(0)
      add(start..<start + name.count, of: descriptor, path: path)
    }
  }

  /// The names in an open directory, sorted by their bytes, as ranges of a text that
  /// has a zero byte behind each.
  static func sortedNames(
    in directory: CInt
  ) throws(Errno) -> (text: [UInt8], names: [Range<Int>]) {
    let copy = try HostCall.check(unsafe host_open_directory_at(directory, "."))
    guard let stream = unsafe host_directory_stream(copy) else { throw .noMemory }
    defer { unsafe host_close_directory_stream(stream) }
    var text: [UInt8] = []
    var names: [Range<Int>] = []
    var name: UnsafePointer<CChar>?
    var length = 0
    while try HostCall.check(unsafe host_next_name(stream, &name, &length)) > 0 {
      let start = text.count
      unsafe text.append(contentsOf: UnsafeRawBufferPointer(start: name, count: length))
      text.append(0)
      names.append(start..<start + length)
    }
    sort(&names, of: text)
    return (text, names)
  }

  /// Sorts names by their bytes, a shorter one before its extensions.
  private static func sort(_ names: inout [Range<Int>], of text: [UInt8]) {
    let text = text.span
    // Most differ in their first bytes, which are compared as a number; there is no zero
    // byte in a name, so that one that ends earlier comes first.
    var keys = names.map { name in
      var start: UInt64 = 0
      for index in name.lowerBound..<min(name.upperBound, name.lowerBound + 8) {
        start |= UInt64(text[index]) << UInt64(56 - 8 * (index - name.lowerBound))
      }
      return (start: start, name: name)
    }
    keys.sort { left, right in
      if left.start != right.start { return left.start < right.start }
      let shorter = min(left.name.count, right.name.count)
      var index = 8
      while index < shorter {
        let (leftByte, rightByte) = (
          text[left.name.lowerBound + index], text[right.name.lowerBound + index]
        )
        if leftByte != rightByte { return leftByte < rightByte }
        index += 1
      }
      return left.name.count < right.name.count
    }
    for index in keys.indices { names[index] = keys[index].name }
  }

  /// Adds one child: its entry and its node.
  private mutating func add(_ name: Range<Int>, of directory: CInt, path: [UInt8]) {
    var status = host_status()
    do throws(Errno) {
      let result = unsafe withName(at: name.lowerBound) {
        unsafe host_status_at(directory, $0, &status)
      }
      _ = try HostCall.check(result)
    } catch .noSuchFileOrDirectory {
      parts.vanishedCount += 1
      return
    } catch {
      // Whether it is a directory is not known.
      guard
        !excludes(name, in: path, isDirectory: true)
          || !excludes(name, in: path, isDirectory: false)
      else { return }
      report(error.description, name: name)
      return
    }
    let isDirectory = Node.Kind(mode: status.mode) == .directory
    guard !excludes(name, in: path, isDirectory: isDirectory) else { return }
    guard let kind = Node.Kind(mode: status.mode) else {
      report("is of a type that is not known", name: name)
      return
    }
    guard let nameLength = UInt8(exactly: name.count) else {
      report("has a name of more than 255 bytes", name: name)
      return
    }
    var new = Node(status, kind: kind)
    if kind != .directory { new.linkCount = status.link_count }
    do throws(Errno) {
      try findContent(of: &new, status, name: name, in: directory)
      try findAttributes(of: &new, name: name, in: directory)
    } catch .noSuchFileOrDirectory {
      parts.vanishedCount += 1
      return
    } catch {
      report(error.description, name: name)
    }
    let identity = TreeParts.HostIdentity(status)
    if kind == .directory {
      let subdirectory = ScannedDirectory(
        parent: self.directory,
        name: Array(parts.text[name]) + [0],
        identity: identity
      )
      chunk.subdirectories.append((parts.entries.count, subdirectory))
    }
    parts.entries.append(
      Entry(
        textOffset: name.lowerBound,
        nameLength: nameLength,
        node: UInt32(parts.nodes.count)
      )
    )
    parts.nodes.append(new)
    parts.identities.append(identity)
  }

  private func excludes(_ name: Range<Int>, in path: [UInt8], isDirectory: Bool) -> Bool {
    !options.filter.isEmpty
      && options.filter.excludes(parts.text[name], in: path, isDirectory: isDirectory)
  }

  /// Finds out where the content of a new node is.
  private mutating func findContent(
    of node: inout Node,
    _ status: host_status,
    name: Range<Int>,
    in directory: CInt
  ) throws(Errno) {
    switch node.kind {
    case .regular:
      if checksReadability && node.permissions & 0o444 != 0o444 {
        let result = unsafe withName(at: name.lowerBound) {
          unsafe host_check_readable_at(directory, $0)
        }
        _ = try HostCall.check(result)
      }
      node.content = .dense
      if status.allocated_sectors < (status.size + 511) / 512 {
        node.content = try findData(size: node.size, name: name, in: directory)
      }
    case .symbolicLink:
      node.content = .text(offset: parts.text.count)
      node.size = try readTarget(name: name, in: directory)
    case .directory, .characterDevice, .blockDevice, .fifo, .socket:
      node.size = 0
    }
  }

  /// The data of a file that has fewer blocks than bytes.
  private mutating func findData(
    size: Int,
    name: Range<Int>,
    in directory: CInt
  ) throws(Errno) -> Node.Content {
    let opened = unsafe withName(at: name.lowerBound) { unsafe host_open_beneath(directory, $0, 0) }
    let descriptor = try HostCall.check(opened)
    defer { host_close(descriptor) }
    let ranges = try HostCall.dataRanges(of: descriptor, size: size)
    if ranges == [0..<size] { return .dense }
    let first = parts.dataRanges.count
    parts.dataRanges.append(contentsOf: ranges)
    return .sparse(first: UInt32(first), count: UInt32(ranges.count))
  }

  /// Appends the target of a symbolic link to the text; its length.
  private mutating func readTarget(name: Range<Int>, in directory: CInt) throws(Errno) -> Int {
    var target = [UInt8](repeating: 0, count: 4096)
    let result = unsafe target.withUnsafeMutableBytes { buffer in
      unsafe withName(at: name.lowerBound) { name in
        unsafe host_read_link(directory, name, buffer.baseAddress, buffer.count)
      }
    }
    let length = Int(try HostCall.check(result))
    guard length < 4096 else { throw .fileNameTooLong }
    parts.text.append(contentsOf: target[..<length])
    return length
  }

  /// Calls `body` with the zero-terminated name in the text.
  func withName<Result>(at offset: Int, _ body: (UnsafePointer<CChar>?) -> Result) -> Result {
    unsafe chunk.parts.text.withUnsafeBytes { bytes in
      let start = unsafe bytes.baseAddress?.advanced(by: offset)
      return unsafe body(start?.assumingMemoryBound(to: CChar.self))
    }
  }
}

extension Node.Kind {
  /// The kind in a mode's `S_IFMT` bits (POSIX `sys/stat.h`).
  init?(mode: UInt32) {
    switch mode & 0o170000 {
    case 0o100000: self = .regular
    case 0o040000: self = .directory
    case 0o120000: self = .symbolicLink
    case 0o020000: self = .characterDevice
    case 0o060000: self = .blockDevice
    case 0o010000: self = .fifo
    case 0o140000: self = .socket
    default: return nil
    }
  }
}

extension Node {
  /// The node that `status` describes, with no content yet.
  init(_ status: host_status, kind: Kind) {
    self.init(
      kind: kind,
      permissions: UInt16(truncatingIfNeeded: status.mode & 0o7777),
      user: status.user,
      group: status.group,
      size: kind == .directory ? 0 : Int(clamping: status.size),
      modified: Timestamp(
        seconds: status.modified_seconds,
        nanoseconds: status.modified_nanoseconds
      ),
      special: DeviceNumber(major: status.special_major, minor: status.special_minor)
    )
  }
}

extension TreeParts.HostIdentity {
  /// Which file `status` describes.
  init(_ status: host_status) {
    self.init(
      device: status.device,
      inode: status.inode,
      changed: Timestamp(
        seconds: status.changed_seconds,
        nanoseconds: status.changed_nanoseconds
      )
    )
  }
}
