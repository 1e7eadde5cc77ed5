/// A piece of a YAML document.
struct YAMLNode {
  var content: Content

  /// Where it starts.
  var position: FilePosition

  /// What the file says that it is (`!!int`); `nil` if it says nothing.
  var tag: String?

  enum Content {
    /// One value; a plain one is not in quotes, and may stand for nothing.
    case scalar(String, isPlain: Bool)
    case sequence([YAMLNode])
    /// In the order of the file; no key is there twice.
    case mapping([(key: YAMLNode, value: YAMLNode)])
  }

  /// The text of a scalar, `nil` of all else.
  var text: String? {
    if case .scalar(let text, _) = content { text } else { nil }
  }

  /// The text of a value, whatever YAML would take it for: 0777 and yes are texts.
  ///
  /// - Parameter key: What it is the value of.
  /// - Returns: The text, without NUL.
  /// - Throws: ``FileProblems`` if it is no single value.
  func text(of key: String) throws(FileProblems) -> String {
    guard case .scalar(let text, let isPlain) = content else {
      throw FileProblems("\(key): is one value, in one piece", at: position)
    }
    if isPlain, ["", "~", "null", "Null", "NULL"].contains(text) {
      let advice = text.isEmpty ? "\"\" is an empty one" : "put it into quotes"
      throw FileProblems("\(key): has no value; \(advice), if that is meant", at: position)
    }
    if text.utf8.contains(0) {
      throw FileProblems("\(key): a NUL character is not allowed; leave it out", at: position)
    }
    guard tag.map({ ["!", "tag:yaml.org,2002:str"].contains($0) }) ?? true else {
      let shown = ExportsReader.shown(tag ?? "")
      throw FileProblems("\(key): a tag (\(shown)) means nothing here; leave it out", at: position)
    }
    return text
  }
}
