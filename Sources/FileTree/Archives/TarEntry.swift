import DiskModel

/// A header with all that other headers say of it.
struct TarEntry {
  let header: TarHeader
  let records: PaxRecords
  let longName: [UInt8]?
  let longLinkName: [UInt8]?
  /// Where the header is.
  let offset: Int

  /// What is wrong.
  enum Fault: Error {
    /// With the archive itself.
    case archive(ArchiveFailure)
    /// With the member.
    case member(String)
  }

  /// The name as the archive has it.
  var name: [UInt8] {
    records["GNU.sparse.name"] ?? records["path"] ?? longName ?? header.name
  }

  private var linkName: [UInt8] {
    records["linkpath"] ?? longLinkName ?? Array(header.text(TarHeader.Field.linkName))
  }

  /// How many bytes of content the archive has.
  func storedSize() throws(Fault) -> Int {
    try number("size", header.number(TarHeader.Field.size), "size", limit: 1 << 62)
  }

  /// The member; the content of a regular file is not looked for yet.
  func member(notes: inout ArchiveNotes) throws(Fault) -> TarMember {
    let path = try Self.checked(name)
    var member = TarMember(path: path, kind: try kind(), headerOffset: offset)
    if path.isEmpty && member.kind != .directory {
      throw .member("has no name")
    }
    let mode = try number(nil, header.number(TarHeader.Field.mode), "mode", limit: .max)
    member.permissions = UInt16(mode & 0o7777)
    let most = Int(UInt32.max)
    let user = try number("uid", header.number(TarHeader.Field.user), "owner", limit: most)
    let group = try number("gid", header.number(TarHeader.Field.group), "group", limit: most)
    member.user = UInt32(user)
    member.group = UInt32(group)
    member.modified = try modified()
    member.attributes = try attributes(permissions: &member.permissions, notes: &notes)
    return member
  }

  private func kind() throws(Fault) -> TarMember.Kind {
    switch header.type {
    case 0, UInt8(ascii: "0"), UInt8(ascii: "7"):
      // Before there was a type, a slash made a directory.
      let isDirectory = header.type != UInt8(ascii: "7") && name.last == UInt8(ascii: "/")
      if isDirectory { return .directory }
      return .regular(.init(size: 0, offset: 0))
    case UInt8(ascii: "S"):
      guard header.form == .gnu else {
        throw .member("is sparse in a format that is not known; GNU tar's formats are")
      }
      return .regular(.init(size: 0, offset: 0))
    case UInt8(ascii: "1"):
      let target = try Self.checked(linkName)
      guard !target.isEmpty else { throw .member("is a hard link to nothing") }
      return .hardLink(target: target)
    case UInt8(ascii: "2"):
      let target = linkName
      guard !target.isEmpty, target.count < 4096, !target.contains(0) else {
        throw .member("is a symbolic link whose target has \(target.count) bytes; 1 to 4095 can be")
      }
      return .symbolicLink(target: target)
    case UInt8(ascii: "3"):
      return .characterDevice(try deviceNumber())
    case UInt8(ascii: "4"):
      return .blockDevice(try deviceNumber())
    case UInt8(ascii: "5"):
      return .directory
    case UInt8(ascii: "6"):
      return .fifo
    case UInt8(ascii: "D"):
      throw .member("is of an incremental dump, which is not a whole tree; make a full archive")
    case UInt8(ascii: "M"):
      throw .member("goes on from another volume; join the volumes first")
    default:
      let type = HostPath.printable([header.type])
      throw .member("is of type \(type), which is not known")
    }
  }

  /// A path that is safe, or what is wrong with it.
  private static func checked(_ name: [UInt8]) throws(Fault) -> [UInt8] {
    do throws(TarPath.Fault) {
      return try TarPath.normalized(name)
    } catch {
      throw .member(error.problem)
    }
  }

  private func deviceNumber() throws(Fault) -> Node.DeviceNumber {
    let major = header.number(TarHeader.Field.deviceMajor)
    let minor = header.number(TarHeader.Field.deviceMinor)
    let (majorLimit, minorLimit) = (0xFFF, 0xFFFFF)
    return Node.DeviceNumber(
      major: UInt32(try number("SCHILY.devmajor", major, "device number", limit: majorLimit)),
      minor: UInt32(try number("SCHILY.devminor", minor, "device number", limit: minorLimit))
    )
  }

  /// A number of a record or else of the header.
  private func number(
    _ keyword: String?,
    _ field: Int?,
    _ what: String,
    limit: Int
  ) throws(Fault) -> Int {
    var value = field
    if let keyword, let said = records[keyword] { value = TarNumber.parseDecimal(said) }
    guard let value, (0...limit).contains(value) else {
      throw .member("its \(what) is not a number that can be")
    }
    return value
  }

  private func modified() throws(Fault) -> Timestamp {
    if let said = records["mtime"] {
      guard let time = TarNumber.parseTime(said) else {
        throw .member("its mtime is not a time in seconds")
      }
      return time
    }
    guard let seconds = header.number(TarHeader.Field.modified) else {
      throw .member("its mtime is not a time in seconds")
    }
    return Timestamp(seconds: Int64(seconds))
  }
}
