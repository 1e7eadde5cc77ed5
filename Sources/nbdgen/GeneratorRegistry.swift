import DataGenerator
import FloppyGenerator
import GeneratorKit
import InfoGenerator
import LinuxDiskGenerator

/// The generators that the command knows, a line each.
enum GeneratorRegistry {
  static let all: [any Generator.Type] = [
    DataDisk.self,
    FloppyDisk.self,
    InfoDisk.self,
    LinuxDisk.self,
  ]

  /// The generator of this name.
  ///
  /// - Parameters:
  ///   - name: What the user calls it.
  ///   - verbs: What else might have been meant.
  /// - Returns: The generator.
  /// - Throws: ``UserError`` that suggests the one that was probably meant.
  static func generator(
    named name: String,
    orAnyOf verbs: [String] = []
  ) throws(UserError) -> any Generator.Type {
    if let generator = all.first(where: { $0.manual.name == name }) { return generator }
    let names = all.map { $0.manual.name }
    let advice =
      closestMatch(to: name, among: names + verbs).map { "did you mean \($0)?" }
      ?? "there is \(names.joined(separator: ", "))"
    let kinds = verbs.isEmpty ? "generator" : "generator or command"
    throw UserError(usage: "there is no \(kinds) \"\(name)\"; \(advice)")
  }
}
