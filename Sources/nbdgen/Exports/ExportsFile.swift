import CHost
import DiskModel
import GeneratorKit
import SystemPackage

/// A file that says what several exports are made from; docs/exports.md describes
/// its form.
///
/// Reading it builds nothing. Relative paths in its parameters start at its own
/// directory: whoever builds its exports calls ``enterDirectory()`` before.
struct ExportsFile {
  /// The file, as the user names it.
  let path: String

  /// The exports in their order; there is at least one, and no two have one name.
  let entries: [Entry]

  /// One export.
  struct Entry: Sendable {
    /// The name that clients ask for; empty for those that name none.
    var name: String

    /// What it is, for people; often empty.
    var description: String

    /// What makes its disk.
    var generator: any Generator.Type

    /// The generator's parameters, as on the command line; their names and number are
    /// checked, their values are not.
    var words: [String]

    /// Whether it is made before clients can connect, and not when the first asks
    /// for it.
    var isBuiltAtStart: Bool

    /// Where it is in the file.
    var position: FilePosition
  }

  /// Largest file, in bytes: some 100,000 exports.
  static let sizeLimit = 16 << 20

  /// Reads a file.
  ///
  /// - Throws: ``UserError`` with a line for each thing that is wrong, and where.
  init(_ path: String) throws(UserError) {
    self.path = path
    let bytes = try Self.read(path)
    do throws(FileProblems) {
      entries = Self.compacted(try ExportsReader.entries(try YAMLText.root(of: bytes)))
    } catch {
      throw UserError(error, in: path)
    }
  }

  /// The same entries, in memory that lies together.
  ///
  /// Reading a file takes several times what its entries take, and they lie scattered
  /// over that, so that none of it could be given back to the host.
  private static func compacted(_ scattered: consuming [Entry]) -> [Entry] {
    let packed = scattered.map { entry in
      (entry.generator, entry.isBuiltAtStart, entry.position, entry.words.count)
    }
    var (text, ends): ([UInt8], [Int]) = ([], [])
    for entry in scattered {
      for part in [entry.name, entry.description] + entry.words {
        text += part.utf8
        ends.append(text.count)
      }
    }
    scattered = []
    host_trim_memory()
    var (start, index) = (0, 0)
    func next() -> String {
      defer { (start, index) = (ends[index], index + 1) }
      return String(decoding: text[start..<ends[index]], as: UTF8.self)
    }
    return packed.map { generator, isBuiltAtStart, position, count in
      let (name, description) = (next(), next())
      return Entry(
        name: name,
        description: description,
        generator: generator,
        words: (0..<count).map { _ in next() },
        isBuiltAtStart: isBuiltAtStart,
        position: position
      )
    }
  }

  private static func read(_ path: String) throws(UserError) -> [UInt8] {
    let name = HostPath.printable(path.utf8)
    let file: HostCall.SmallFile
    do throws(Errno) {
      file = try HostCall.readSmallFile(absolute(path), limit: sizeLimit)
    } catch {
      throw UserError(host: "\(name): cannot be read: \(error.description)")
    }
    switch file {
    case .bytes(let bytes):
      return bytes
    case .notRegular:
      throw UserError(host: "\(name): not a regular file; give a file of exports")
    case .tooLarge:
      throw UserError(host: "\(name): has more than \(sizeLimit >> 20) MiB; split it")
    }
  }

  /// What it is, in a few words.
  var headline: String {
    "\(entries.count) \(entries.count == 1 ? "export" : "exports") of \(path)"
  }

  /// The export of a name.
  ///
  /// - Throws: ``UserError`` that suggests the one that was probably meant.
  func entry(named name: String) throws(UserError) -> Entry {
    // Names that look alike are different ones if their bytes are.
    if let entry = entries.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) { return entry }
    let names = entries.prefix(1000).map(\.name)
    let advice = closestMatch(to: name, among: names).map { "; did you mean \($0)?" } ?? ""
    throw UserError(usage: "-e \(name): \(path) has no export of this name\(advice)")
  }

  /// Goes to the directory that relative paths in parameters start at.
  func enterDirectory() throws(UserError) {
    let full = absolute(path)
    let directory = full.lastIndex(of: "/").map { String(full[...$0]) } ?? "/"
    do throws(Errno) {
      try WorkingDirectory.move(to: directory)
    } catch {
      throw UserError(host: "\(directory): cannot be entered: \(error.description)")
    }
  }
}

/// A place in a file.
struct FilePosition: Equatable, Sendable {
  /// The line, counted from 1.
  var line: Int

  /// The character in the line, counted from 1.
  var column: Int
}

/// What is wrong with a file, and where.
struct FileProblems: Error {
  /// In the order in which they were found; at least one.
  var all: [(position: FilePosition?, text: String)]

  /// One problem.
  init(_ text: String, at position: FilePosition?) { all = [(position, text)] }

  /// Several problems.
  init(_ problems: [(position: FilePosition?, text: String)]) { all = problems }
}

extension UserError {
  /// A file that the command line names is wrong.
  init(_ problems: FileProblems, in path: String) {
    self.init(usage: "")
    lines = problems.all.map { problem in
      let place = problem.position.map { ":\($0.line):\($0.column)" } ?? ""
      return "\(HostPath.printable(path.utf8))\(place): \(problem.text)"
    }
  }
}
