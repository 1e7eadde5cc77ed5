import DiskModel
import GeneratorKit

/// Makes exports of the nodes of a file, and gathers what is wrong with them.
struct ExportsReader {
  private(set) var problems: [(position: FilePosition?, text: String)] = []

  /// Where each name was given.
  private var lines: [[UInt8]: Int] = [:]

  /// So many problems are told at a time.
  private static let problemLimit = 20

  /// The exports of a file.
  static func entries(_ root: YAMLNode) throws(FileProblems) -> [ExportsFile.Entry] {
    var reader = ExportsReader()
    let entries = reader.readRoot(root)
    guard reader.problems.isEmpty else { throw FileProblems(reader.problems) }
    return entries
  }

  private mutating func readRoot(_ root: YAMLNode) -> [ExportsFile.Entry] {
    guard let fields = fields(of: root, known: ["exports"], "the file") else { return [] }
    guard let list = fields["exports"] else {
      // Perhaps it is only spelled in another way.
      guard problems.isEmpty else { return [] }
      report("exports: is missing; it holds the list of exports", root)
      return []
    }
    guard case .sequence(let nodes) = list.content, !nodes.isEmpty else {
      report("exports: is a list, in which each export starts with - name: and its name", list)
      return []
    }
    var entries: [ExportsFile.Entry] = []
    entries.reserveCapacity(nodes.count)
    for node in nodes {
      guard problems.count < Self.problemLimit else { break }
      if let entry = readExport(node) { entries.append(entry) }
    }
    return entries
  }

  private static let keys = ["name", "description", "generator", "parameters", "built"]

  private mutating func readExport(_ node: YAMLNode) -> ExportsFile.Entry? {
    let before = problems.count
    guard let fields = fields(of: node, known: Self.keys, "an export") else { return nil }
    // What is missing may only be spelled in another way.
    guard problems.count == before else { return nil }
    let name = readName(fields["name"], of: node)
    var description = fields["description"].flatMap { text(of: $0, "description") } ?? ""
    while description.hasSuffix("\n") { description.removeLast() }
    if description.utf8.count > 4096 {
      report("description: has at most 4096 bytes", fields["description"] ?? node)
    }
    let isBuiltAtStart = readMoment(fields["built"])
    guard let generatorNode = fields["generator"] else {
      report("generator: is missing; nbdgen list tells what there is", node)
      return nil
    }
    guard let word = text(of: generatorNode, "generator") else { return nil }
    let generator: any Generator.Type
    do throws(UserError) {
      generator = try GeneratorRegistry.generator(named: word)
    } catch {
      report(Self.shown(error.lines.joined(separator: "; ")), generatorNode)
      return nil
    }
    var words = ParameterWords(for: generator.manual)
    words.read(fields["parameters"], generatorNode)
    problems += words.problems
    guard let name else { return nil }
    return ExportsFile.Entry(
      name: name,
      description: description,
      generator: generator,
      words: words.words,
      isBuiltAtStart: isBuiltAtStart,
      position: node.position
    )
  }

  private mutating func readName(_ node: YAMLNode?, of export: YAMLNode) -> String? {
    guard let node else {
      report("name: is missing; clients ask for the export by it", export)
      return nil
    }
    guard let name = text(of: node, "name") else { return nil }
    guard name.utf8.count <= 4096 else {
      report("name: has at most 4096 bytes, this one has \(name.utf8.count)", node)
      return nil
    }
    let line = node.position.line
    // By bytes, as clients mean them: equal text may be written in several ways.
    let key = Array(name.utf8)
    if let first = lines.updateValue(line, forKey: key) {
      let shown = Self.shown(name)
      report("name: \(shown) is that of the export on line \(first), too; rename one", node)
      lines[key] = first
    }
    return name
  }

  /// Whether `built:` says that it is built at start.
  private mutating func readMoment(_ node: YAMLNode?) -> Bool {
    guard let node, let word = text(of: node, "built") else { return false }
    let moments = ["first-use", "at-start"]
    guard moments.contains(word) else {
      let advice = closestMatch(to: word, among: moments).map { "did you mean \($0)?" }
      report("built: is first-use or at-start; \(advice ?? "write one of them")", node)
      return false
    }
    return word == "at-start"
  }

  /// The values of a mapping's keys.
  private mutating func fields(
    of node: YAMLNode,
    known: [String],
    _ what: String
  ) -> [String: YAMLNode]? {
    guard case .mapping(let mapping) = node.content else {
      let keys = known.map { "\($0):" }.joined(separator: ", ")
      report("\(what) is a mapping with \(keys)", node)
      return nil
    }
    var fields: [String: YAMLNode] = [:]
    for (keyNode, value) in mapping {
      guard let key = keyNode.text else {
        report("a key is one word", keyNode)
        continue
      }
      guard known.contains(key) else {
        let names = known.map { "\($0):" }.joined(separator: ", ")
        let advice =
          closestMatch(to: key, among: known).map { "did you mean \($0):?" }
          ?? "\(what) has \(names)"
        let isParameter = GeneratorRegistry.all.contains { generator in
          generator.manual.parameters.contains { $0.name == key }
        }
        let shown = Self.shown(key)
        report(
          known.count > 1 && isParameter
            ? "\(shown): is a parameter; move it below parameters:"
            : "\(shown): there is no such key; \(advice)",
          keyNode
        )
        continue
      }
      fields[key] = value
    }
    return fields
  }

  private mutating func text(of node: YAMLNode, _ key: String) -> String? {
    do throws(FileProblems) {
      return try node.text(of: key)
    } catch {
      problems += error.all
      return nil
    }
  }

  /// Text of the file, for people: what is left of it in a line.
  static func shown(_ text: String) -> String {
    HostPath.printable(
      text.unicodeScalars.prefix(200).reduce(into: "") {
        $0.unicodeScalars.append($1)
      }.utf8
    )
  }

  private mutating func report(_ text: String, _ node: YAMLNode) {
    problems.append((node.position, text))
  }
}
