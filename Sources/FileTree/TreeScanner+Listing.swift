import CHost
import DiskModel
import SystemPackage

extension TreeScanner {
  /// Adds the children of an open directory to the tree, sorted by name.
  mutating func list(_ directory: CInt, node parent: Int) {
    var names: [Range<Int>] = []
    do throws(Errno) {
      names = try readNames(directory)
    } catch {
      report("cannot be listed: \(error.description)", name: 0..<0, in: parent)
    }
    sort(&names)
    let first = parts.entries.count
    parts.entries.reserveCapacity(parts.entries.count + names.count)
    let path = filter.comparesPaths ? parts.path(of: parent) : []
    for name in names { add(name, of: directory, parent: parent, path: path) }
    parts.nodes[parent].content = .children(
      first: UInt32(first),
      count: UInt32(parts.entries.count - first)
    )
  }

  /// Appends the names in a directory to the text, each with a zero byte.
  private mutating func readNames(_ directory: CInt) throws(Errno) -> [Range<Int>] {
    let copy = try HostCall.check(unsafe host_open_directory_at(directory, "."))
    guard let stream = unsafe host_directory_stream(copy) else { throw .noMemory }
    defer { unsafe host_close_directory_stream(stream) }
    var names: [Range<Int>] = []
    var name: UnsafePointer<CChar>?
    var length = 0
    while try HostCall.check(unsafe host_next_name(stream, &name, &length)) > 0 {
      let start = parts.text.count
      unsafe parts.text.append(contentsOf: UnsafeRawBufferPointer(start: name, count: length))
      parts.text.append(0)
      names.append(start..<start + length)
    }
    return names
  }

  /// Sorts names by their bytes, a shorter one before its extensions.
  private func sort(_ names: inout [Range<Int>]) {
    let text = parts.text.span
    names.sort { left, right in
      let shorter = min(left.count, right.count)
      for index in 0..<shorter {
        let (leftByte, rightByte) = (
          text[left.lowerBound + index], text[right.lowerBound + index]
        )
        if leftByte != rightByte { return leftByte < rightByte }
      }
      return left.count < right.count
    }
  }

  /// Adds one child: its entry, and its node unless it is a further hard link.
  private mutating func add(
    _ name: Range<Int>,
    of directory: CInt,
    parent: Int,
    path: [UInt8]
  ) {
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
      report(error.description, name: name, in: parent)
      return
    }
    let isDirectory = Node.Kind(mode: status.mode) == .directory
    guard !excludes(name, in: path, isDirectory: isDirectory) else { return }
    guard let kind = Node.Kind(mode: status.mode) else {
      report("is of a type that is not known", name: name, in: parent)
      return
    }
    guard let nameLength = UInt8(exactly: name.count) else {
      report("has a name of more than 255 bytes", name: name, in: parent)
      return
    }
    let entryIndex = UInt32(parts.entries.count)
    var entry = Entry(textOffset: name.lowerBound, nameLength: nameLength, node: 0)
    let number = FileNumber(device: status.device, inode: status.inode)
    let mayHaveLinks = kind != .directory && status.link_count > 1
    if mayHaveLinks, let linked = linkedNodes[number] {
      parts.nodes[Int(linked)].linkCount += 1
      entry.node = linked
      parts.entries.append(entry)
      return
    }
    var new = Node(status, kind: kind)
    new.entry = entryIndex
    new.parent = UInt32(parent)
    do throws(Errno) {
      try findContent(of: &new, status, name: name, in: directory)
      try findAttributes(of: &new, name: name, in: directory, parent: parent)
    } catch .noSuchFileOrDirectory {
      parts.vanishedCount += 1
      return
    } catch {
      report(error.description, name: name, in: parent)
    }
    entry.node = UInt32(parts.nodes.count)
    if mayHaveLinks { linkedNodes[number] = entry.node }
    parts.entries.append(entry)
    parts.nodes.append(new)
    parts.identities.append(TreeParts.HostIdentity(status))
  }

  private func excludes(_ name: Range<Int>, in path: [UInt8], isDirectory: Bool) -> Bool {
    !filter.isEmpty && filter.excludes(parts.text[name], in: path, isDirectory: isDirectory)
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
