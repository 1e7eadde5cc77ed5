import DiskModel
import GeneratorKit

/// The words of mtree(5) that follow a name, and a few more.
enum MtreeKeyword: String, CaseIterable {
  case type, mode, uid, gid, uname, gname, time, link, device, size, contents
  case absent, optional, nochange
  // Without meaning here: about the host, or for the program mtree.
  case nlink, inode, ino, resdevice, ignore, tags
  // Left out with a note.
  case flags
  case cksum, md5, md5digest, sha1, sha1digest, sha256, sha256digest, sha384, sha384digest
  case sha512, sha512digest, rmd160, rmd160digest, ripemd160digest

  /// What starts the name of an extended attribute.
  private static let attributePrefix = "xattr."

  private var takesValue: Bool {
    switch self {
    case .absent, .optional, .nochange, .ignore: false
    default: true
    }
  }

  /// Whether user and group were given by numbers, which go before names beside them.
  struct Numbers {
    var hasUser = false
    var hasGroup = false
  }

  /// Reads one word into an entry.
  static func read(
    _ word: ManifestWord,
    into entry: inout ManifestEntry,
    _ numbers: inout Numbers,
    _ remarks: inout ManifestRemarks
  ) throws(ManifestError) {
    let (key, value) = word.parts
    if key.hasPrefix(attributePrefix) {
      let name = ManifestWord(bytes: Array(key.utf8)[...], place: word.place)
      let attribute = try AttributeText.read(name.dropFirst(attributePrefix.utf8.count), value)
      entry.attributes.removeAll { $0.name == attribute.name }
      entry.attributes.append(attribute)
      return
    }
    let keyword = try find(key, word)
    guard let value else {
      if keyword.takesValue { throw word.error("\(key) needs a value: \(key)=...") }
      keyword.readFlag(into: &entry)
      return
    }
    guard keyword.takesValue else { throw word.error("\(key) takes no value") }
    try keyword.read(value, into: &entry, &numbers, &remarks)
  }

  private static func find(_ key: String, _ word: ManifestWord) throws(ManifestError) -> Self {
    if let keyword = Self(rawValue: key) { return keyword }
    let names = allCases.map(\.rawValue) + ["\(attributePrefix)NAME"]
    // A long word is no slip of the pen, and comparing takes its time.
    let match = key.utf8.count > 40 ? nil : closestMatch(to: key, among: names)
    let advice = match.map { "; did you mean \($0)?" } ?? ""
    throw word.error("\(HostPath.printable(key.utf8.prefix(60))) is no keyword\(advice)")
  }

  private func readFlag(into entry: inout ManifestEntry) {
    switch self {
    case .absent: entry.action = .remove
    case .nochange: entry.action = .expect
    case .optional: entry.absence = .skips
    default: break
    }
  }

  private func read(
    _ value: ManifestWord,
    into entry: inout ManifestEntry,
    _ numbers: inout Numbers,
    _ remarks: inout ManifestRemarks
  ) throws(ManifestError) {
    switch self {
    case .type:
      entry.kind = Placed(value: try MtreeValue.kind(value), place: value.place)
    case .mode:
      guard let mode = Permissions.parse(value.bytes) else {
        throw value.error("\(value.printable) is no mode, such as 0644 or u=rw,go=r")
      }
      entry.permissions = mode
    case .uid:
      entry.user = Placed(value: .number(try MtreeValue.owner(value)), place: value.place)
      numbers.hasUser = true
    case .gid:
      entry.group = Placed(value: .number(try MtreeValue.owner(value)), place: value.place)
      numbers.hasGroup = true
    case .uname:
      let name = Placed(value: ManifestEntry.Owner.name(try text(value)), place: value.place)
      if !numbers.hasUser { entry.user = name }
    case .gname:
      let name = Placed(value: ManifestEntry.Owner.name(try text(value)), place: value.place)
      if !numbers.hasGroup { entry.group = name }
    case .time:
      entry.modified = try MtreeValue.time(value)
    case .link:
      let target = try text(value)
      guard target.count < 4096, !target.contains(0) else {
        throw value.error("a link's target has at most 4095 bytes, and no zero byte")
      }
      entry.target = Placed(value: target, place: value.place)
    case .device:
      entry.device = Placed(value: try MtreeValue.device(value), place: value.place)
    case .size:
      guard let size = Number.parse(value.bytes) else { throw value.error("no number of bytes") }
      entry.size = Placed(value: size, place: value.place)
    case .contents:
      entry.contents = Placed(value: try text(value), place: value.place)
    case .flags:
      if !["none", "-"].contains(value.text) && remarks.flagsLine == nil {
        remarks.flagsLine = value.place.line
      }
    case .cksum, .md5, .md5digest, .sha1, .sha1digest, .sha256, .sha256digest, .sha384,
      .sha384digest, .sha512, .sha512digest, .rmd160, .rmd160digest, .ripemd160digest:
      if remarks.digestLine == nil { remarks.digestLine = value.place.line }
    case .nlink, .inode, .ino, .resdevice, .tags, .ignore, .absent, .optional, .nochange:
      break
    }
  }

  /// A value that may not be empty, without its escapes.
  private func text(_ value: ManifestWord) throws(ManifestError) -> [UInt8] {
    guard !value.bytes.isEmpty else { throw value.error("there is nothing after \(rawValue)=") }
    return try EncodedName.decode(value)
  }

  /// Takes back what `/set` said of one keyword, or of all.
  static func remove(
    _ word: ManifestWord,
    from settings: inout ManifestEntry
  ) throws(ManifestError) {
    if word.text == "all" {
      settings = ManifestEntry()
      return
    }
    if word.text.hasPrefix(attributePrefix) {
      let name = try EncodedName.decode(word.dropFirst(attributePrefix.utf8.count))
      settings.attributes.removeAll { $0.name.elementsEqual(name) }
      return
    }
    switch try find(word.text, word) {
    case .type: settings.kind = nil
    case .mode: settings.permissions = nil
    case .uid, .uname: settings.user = nil
    case .gid, .gname: settings.group = nil
    case .time: settings.modified = nil
    case .link: settings.target = nil
    case .device: settings.device = nil
    case .size: settings.size = nil
    case .contents: settings.contents = nil
    case .optional: settings.absence = .makes
    case .nochange: settings.action = .set
    default: break
    }
  }
}
