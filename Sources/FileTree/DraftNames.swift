/// The names of a draft, each in a directory and for a file: a hash table over
/// names in one piece of text, because there may be millions.
struct DraftNames {
  /// The bytes of names, and of symbolic links' targets.
  private(set) var text: [UInt8] = []

  /// All names; those that were removed are for no file.
  private(set) var entries: [Name] = []

  /// The numbers of the entries by the hashes of their names, `vacant` where there is
  /// none: a power of two of places, of which at most three quarters are taken.
  private var table: [UInt32]

  /// Differs from process to process, so that nobody can choose names that collide.
  private var hasher = Hasher()

  /// A name in a directory.
  struct Name {
    /// Where the name starts in the text.
    var offset: Int
    /// Number of the directory's file.
    var directory: UInt32
    /// Number of the file, or ``DraftNames/removed``.
    var file: UInt32
    /// Bytes of the name, 1...255.
    var length: UInt8

    var range: Range<Int> { offset..<offset + Int(length) }
  }

  /// Stands for the file of a name that was removed.
  static let removed = UInt32.max

  private static let vacant = UInt32.max

  init() {
    table = [UInt32](repeating: Self.vacant, count: 64)
  }

  /// Appends to the text, with a zero byte behind.
  mutating func add(text bytes: ArraySlice<UInt8>) -> Int {
    let offset = text.count
    text.append(contentsOf: bytes)
    text.append(0)
    return offset
  }

  /// The number of a name that is in a directory.
  func find(_ name: ArraySlice<UInt8>, in directory: UInt32) -> UInt32? {
    var place = self.place(of: name, in: directory)
    while table[place] != Self.vacant {
      let number = table[place]
      let entry = entries[Int(number)]
      if entry.directory == directory, entry.file != Self.removed,
        text[entry.range].elementsEqual(name)
      {
        return number
      }
      place = (place + 1) & (table.count - 1)
    }
    return nil
  }

  /// The file that a name is for.
  func file(_ number: UInt32) -> UInt32 { entries[Int(number)].file }

  /// Adds a name that is not in the directory.
  mutating func insert(_ name: ArraySlice<UInt8>, in directory: UInt32, file: UInt32) {
    precondition(1...255 ~= name.count, "a name has 1 to 255 bytes")
    if 4 * (entries.count + 1) > 3 * table.count { grow() }
    let offset = add(text: name)
    let place = vacantPlace(for: name, in: directory)
    table[place] = UInt32(entries.count)
    entries.append(
      Name(offset: offset, directory: directory, file: file, length: UInt8(name.count))
    )
  }

  /// Makes a name one for another file.
  mutating func change(_ number: UInt32, to file: UInt32) { entries[Int(number)].file = file }

  /// Removes a name.
  mutating func remove(_ number: UInt32) { entries[Int(number)].file = Self.removed }

  private func place(of name: ArraySlice<UInt8>, in directory: UInt32) -> Int {
    var hasher = hasher
    hasher.combine(directory)
    unsafe name.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
    return hasher.finalize() & (table.count - 1)
  }

  private func vacantPlace(for name: ArraySlice<UInt8>, in directory: UInt32) -> Int {
    var place = place(of: name, in: directory)
    while table[place] != Self.vacant { place = (place + 1) & (table.count - 1) }
    return place
  }

  private mutating func grow() {
    table = [UInt32](repeating: Self.vacant, count: 2 * table.count)
    for (number, entry) in entries.enumerated() {
      table[vacantPlace(for: text[entry.range], in: entry.directory)] = UInt32(number)
    }
  }
}
