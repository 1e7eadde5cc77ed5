import GeneratorKit

/// Features that a user turned on and off: a list of names, each to be turned off
/// with `^` or `-` before it, as mke2fs's -O has it.
struct FeatureList: Equatable {
  var on: FeatureSet = []
  var off: FeatureSet = []

  /// What is wrong with a list.
  struct Problem: Error, Equatable {
    var text: String
  }

  init() {}

  /// Reads a list.
  init(_ text: String) throws(Problem) {
    for word in text.split(separator: ",", omittingEmptySubsequences: false) {
      let isOff = word.hasPrefix("^") || word.hasPrefix("-")
      let name = String(isOff ? word.dropFirst() : word[...])
      // What is never there may be turned off.
      if isOff && Feature.refused[name] != nil { continue }
      let feature = try Self.feature(name)
      if isOff { off.insert(feature) } else { on.insert(feature) }
      guard !(on.contains(feature) && off.contains(feature)) else {
        throw Problem(text: "turns \(name) on and off; say one of them")
      }
    }
  }

  private static func feature(_ name: String) throws(Problem) -> Feature {
    if let feature = Feature(name: name) { return feature }
    if let reason = Feature.refused[name] {
      throw Problem(text: "there is no \(name) here: \(reason)")
    }
    let names = Feature.allCases.map(\.rawValue)
    let candidates = names + ["extents", "gdt_csum"] + Feature.refused.keys.sorted()
    let advice =
      closestMatch(to: name, among: candidates).map { "did you mean \($0)?" }
      ?? "there are \(names.joined(separator: ", "))"
    throw Problem(text: "\(name.isEmpty ? "an empty name" : name) is no feature; \(advice)")
  }
}
