import DiskModel

/// Reads the headers of a tar archive, front to back; content is not touched.
///
/// Knows the formats of V7, POSIX (ustar and pax) and GNU tar.
struct TarReader {
  let input: any ArchiveInput

  /// Whether there may be further archives behind the end of the first one.
  let readsConcatenated: Bool

  /// Where the next header is.
  private var position = 0

  /// Records of global extended headers.
  private var globals = PaxRecords()

  /// What was said ahead of the next member.
  private var pending = Pending()

  /// What was left out, for people.
  var notes = ArchiveNotes()

  private(set) var members: [TarMember] = []

  private var budget = ArchiveBudget()

  /// What headers of their own say of the member behind them.
  private struct Pending {
    /// Where the first of them is.
    var offset: Int?
    var records = PaxRecords()
    /// From GNU's headers of type L and K.
    var name: [UInt8]?
    var linkName: [UInt8]?
  }

  /// The most bytes of a header that says something of another one: attributes
  /// are in it.
  private static let extensionLimit = 8 << 20

  /// What an archive has in it.
  struct Contents {
    var members: [TarMember]
    var notes: [String]
  }

  /// Reads all headers.
  ///
  /// - Parameters:
  ///   - input: The archive.
  ///   - readsConcatenated: Whether there may be further archives behind its end.
  /// - Returns: The members, in order, and what to tell the user.
  /// - Throws: ``ArchiveFailure`` for the first thing that is wrong.
  static func read(
    _ input: any ArchiveInput,
    readsConcatenated: Bool = true
  ) throws(ArchiveFailure) -> Contents {
    var reader = TarReader(input: input, readsConcatenated: readsConcatenated)
    try reader.readMembers()
    return Contents(members: reader.members, notes: reader.notes.lines(of: input.name))
  }

  private init(input: any ArchiveInput, readsConcatenated: Bool) {
    self.input = input
    self.readsConcatenated = readsConcatenated
  }

  private mutating func readMembers() throws(ArchiveFailure) {
    var zeroBlockCount = 0
    while true {
      let block = try input.bytes(TarHeader.size, at: position)
      guard block.count == TarHeader.size else {
        guard block.isEmpty || zeroBlockCount >= 2 else {
          throw truncated("a header", at: position)
        }
        break
      }
      if block.allSatisfy({ $0 == 0 }) {
        zeroBlockCount += 1
        position += TarHeader.size
        if zeroBlockCount == 2 && !readsConcatenated { break }
        continue
      }
      guard let header = TarHeader(block) else {
        // What lies behind the end is nobody's business.
        if zeroBlockCount >= 2 { break }
        let problem = position == 0 ? "not a tar archive" : "there is no valid header of a member"
        throw ArchiveFailure(input.name, at: position, problem)
      }
      zeroBlockCount = 0
      try read(header)
    }
    if let offset = pending.offset {
      throw ArchiveFailure(input.name, at: offset, "the member that this header is for is missing")
    }
    guard position > 0 else { throw ArchiveFailure(input.name, "empty; not a tar archive") }
    if zeroBlockCount == 0 { notes.hasNoEnd = true }
  }

  private func truncated(_ what: String, at offset: Int) -> ArchiveFailure {
    ArchiveFailure(input.name, at: offset, "the archive ends within \(what): it is cut short")
  }

  /// Reads a header and what belongs to it, and goes to the next one.
  private mutating func read(_ header: TarHeader) throws(ArchiveFailure) {
    switch header.type {
    case UInt8(ascii: "x"), UInt8(ascii: "X"):
      pending.offset = pending.offset ?? position
      pending.records = try records(header)
    case UInt8(ascii: "g"):
      let records = try records(header)
      globals = records.over(globals)
      guard globals.size <= Self.extensionLimit else {
        throw ArchiveFailure(input.name, at: position, "global headers have more than 8 MiB in all")
      }
    case UInt8(ascii: "L"):
      pending.offset = pending.offset ?? position
      pending.name = try longName(header)
    case UInt8(ascii: "K"):
      pending.offset = pending.offset ?? position
      pending.linkName = try longName(header)
    case UInt8(ascii: "V"):
      // A label of the volume, which is no file.
      position += TarHeader.size
    default:
      let said = pending
      pending = Pending()
      let entry = TarEntry(
        header: header,
        records: said.records.over(globals),
        longName: said.name,
        longLinkName: said.linkName,
        offset: position
      )
      try read(entry)
    }
  }

  private mutating func read(_ entry: TarEntry) throws(ArchiveFailure) {
    let start = position
    do throws(TarEntry.Fault) {
      var member = try entry.member(notes: &notes)
      let storedSize = try entry.storedSize()
      position += TarHeader.size
      switch member.kind {
      case .regular:
        member.kind = .regular(try content(of: entry, storedSize: storedSize))
        try skip(storedSize, from: position, of: entry)
      case .hardLink:
        // POSIX lets content follow, most programs write a size and none.
        if storedSize > 0, try !isHeaderNext() {
          try skip(storedSize, from: position, of: entry)
        }
      default:
        break
      }
      if let problem = budget.problem(with: member) { throw TarEntry.Fault.member(problem) }
      members.append(member)
    } catch {
      switch error {
      case .archive(let failure): throw failure
      case .member(let problem):
        let name = HostPath.printable(entry.name)
        throw ArchiveFailure(input.name, at: start, name.isEmpty ? problem : "\(name): \(problem)")
      }
    }
  }

  /// Goes behind `size` bytes of content and what fills up their last block.
  private mutating func skip(
    _ size: Int,
    from start: Int,
    of entry: TarEntry
  ) throws(TarEntry.Fault) {
    guard size < 1 << 62 - start else { throw .member("its size is too large") }
    position = start + (size + 511) & ~511
    guard size > 0 else { return }
    do throws(ArchiveFailure) {
      // An archive may lack what fills up its last block.
      if try input.bytes(1, at: start + size - 1).isEmpty {
        throw truncated(HostPath.printable(entry.name), at: entry.offset)
      }
    } catch {
      throw .archive(error)
    }
  }

  /// Whether there is a header, or the archive's end, at the position.
  private func isHeaderNext() throws(TarEntry.Fault) -> Bool {
    do throws(ArchiveFailure) {
      let block = try input.bytes(TarHeader.size, at: position)
      guard block.count == TarHeader.size else { return block.isEmpty }
      return block.allSatisfy { $0 == 0 } || TarHeader(block) != nil
    } catch {
      throw .archive(error)
    }
  }

  /// Where the content of a regular file is; the position is behind its header,
  /// and afterwards where what is stored starts.
  private mutating func content(
    of entry: TarEntry,
    storedSize: Int
  ) throws(TarEntry.Fault) -> TarMember.Content {
    let layout = try entry.sparseLayout()
    switch layout {
    case .dense:
      return .init(size: storedSize, offset: position)
    case .ranges(let numbers, let size):
      let ranges = try entry.ranges(numbers, size: size, storedSize: storedSize)
      return .init(size: size, offset: position, ranges: ranges)
    case .extended(var numbers, let size):
      try readExtensions(&numbers, entry)
      let ranges = try entry.ranges(numbers, size: size, storedSize: storedSize)
      return .init(size: size, offset: position, ranges: ranges)
    case .inContent(let size):
      let (numbers, length) = try mapInContent(entry, storedSize: storedSize)
      let ranges = try entry.ranges(numbers, size: size, storedSize: storedSize - length)
      return .init(size: size, offset: position + length, ranges: ranges)
    }
  }

  /// Reads the blocks that go on with the map of GNU's old format.
  private mutating func readExtensions(
    _ numbers: inout [Int],
    _ entry: TarEntry
  ) throws(TarEntry.Fault) {
    var goesOn = true
    while goesOn {
      let block: [UInt8]
      do throws(ArchiveFailure) {
        block = try input.bytes(TarHeader.size, at: position)
        guard block.count == TarHeader.size else { throw truncated("a sparse map", at: position) }
      } catch {
        throw .archive(error)
      }
      try TarEntry.appendMap(in: block[..<504], to: &numbers)
      guard budget.allowsMap(of: numbers.count) else { throw .member(ArchiveBudget.runProblem) }
      goesOn = block[504] != 0
      position += TarHeader.size
    }
  }

  /// Reads the map of GNU's sparse format 1.0: lines of digits at the start of the
  /// content, filled up to whole blocks.
  ///
  /// - Returns: Offsets and sizes by turns, and how long the map is in bytes.
  private func mapInContent(
    _ entry: TarEntry,
    storedSize: Int
  ) throws(TarEntry.Fault) -> (numbers: [Int], length: Int) {
    var numbers: [Int] = []
    var wanted: Int?
    var line: [UInt8] = []
    var length = 0
    while wanted.map({ numbers.count < $0 }) ?? true {
      guard length < storedSize else { throw .member("its sparse map does not end") }
      let block: [UInt8]
      do throws(ArchiveFailure) {
        block = try input.bytes(TarHeader.size, at: position + length)
        guard block.count == TarHeader.size else { throw truncated("a sparse map", at: position) }
      } catch {
        throw .archive(error)
      }
      length += TarHeader.size
      for byte in block where wanted.map({ numbers.count < $0 }) ?? true {
        if byte != 10 {
          line.append(byte)
          continue
        }
        guard line.count < 20, let number = TarNumber.parseDecimal(line), number < 1 << 62 else {
          throw .member("its sparse map is not a list of numbers")
        }
        line = []
        if wanted == nil {
          wanted = number * 2
          guard budget.allowsMap(of: number * 2) else { throw .member(ArchiveBudget.runProblem) }
        } else {
          numbers.append(number)
        }
      }
    }
    guard length <= storedSize else { throw .member("its sparse map does not end") }
    return (numbers, length)
  }

  /// The content of a header that says something of the next one.
  private mutating func extensionContent(_ header: TarHeader) throws(ArchiveFailure) -> [UInt8] {
    guard let size = header.number(TarHeader.Field.size), (0...Self.extensionLimit).contains(size)
    else {
      let limit = Self.extensionLimit >> 20
      throw ArchiveFailure(input.name, at: position, "an extended header has at most \(limit) MiB")
    }
    let content = try input.bytes(size, at: position + TarHeader.size)
    guard content.count == size else { throw truncated("an extended header", at: position) }
    position += TarHeader.size + (size + 511) & ~511
    return content
  }

  private mutating func longName(_ header: TarHeader) throws(ArchiveFailure) -> [UInt8] {
    Array(try extensionContent(header).prefix { $0 != 0 })
  }

  private mutating func records(_ header: TarHeader) throws(ArchiveFailure) -> PaxRecords {
    let start = position
    let content = try extensionContent(header)
    do throws(PaxRecords.Fault) {
      return try PaxRecords(content)
    } catch {
      throw ArchiveFailure(input.name, at: start, error.problem)
    }
  }
}
