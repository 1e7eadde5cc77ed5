/// The parameters given to a generator, checked against its manual.
public struct Parameters: Sendable {
  private var values: [String: String] = [:]

  /// Everything that was given, in order.
  private var given: [(name: String, value: String)] = []

  /// Parameters that the manual does not name, where it allows any.
  public private(set) var others: [String: String] = [:]

  /// Takes words from the command line: `key=value`, or a value of the main
  /// parameter.
  ///
  /// A word is `key=value` if what stands before the first `=` starts with a
  /// letter and has only letters, digits, `.`, `_` and `-`.
  ///
  /// - Throws: ``GeneratorError/usage(parameter:problem:)`` for a parameter
  ///   that the generator does not have, that was given twice, or that lacks.
  public init(_ words: [String], for manual: Manual) throws(GeneratorError) {
    for word in words {
      let (key, value) = Self.split(word) ?? (manual.mainParameter, word)
      guard let parameter = manual.parameters.first(where: { $0.name == key }) else {
        if manual.otherParameters != nil {
          guard others.updateValue(value, forKey: key) == nil else {
            throw .usage(parameter: word, problem: "\(key)= was given before; give it once")
          }
          continue
        }
        let names = manual.parameters.map(\.name)
        let advice =
          closestMatch(to: key, among: names).map { "did you mean \($0)=?" }
          ?? "it has \(names.map { $0 + "=" }.joined(separator: ", "))"
        throw .usage(parameter: word, problem: "\(manual.name) has no such parameter; \(advice)")
      }
      guard values.updateValue(value, forKey: key) == nil || parameter.isRepeatable else {
        // A shell made several words of one.
        let advice = word == value ? "give it once, with quotes around spaces" : "give it once"
        throw .usage(parameter: word, problem: "\(key)= was given before; \(advice)")
      }
      given.append((key, value))
    }
    for parameter in manual.parameters where parameter.isRequired {
      guard values[parameter.name] == nil else { continue }
      let usage = "\(manual.name) \(parameter.value)"
      throw .usage(parameter: nil, problem: "\(parameter.name)= is missing; write: nbdgen \(usage)")
    }
  }

  private static func split(_ word: String) -> (key: String, value: String)? {
    guard let equals = word.firstIndex(of: "=") else { return nil }
    let key = word[..<equals]
    guard let first = key.utf8.first, isLetter(first) else { return nil }
    guard key.utf8.allSatisfy({ isLetter($0) || isDigit($0) || "._-".utf8.contains($0) }) else {
      return nil
    }
    return (String(key), String(word[word.index(after: equals)...]))
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    let lower = byte | 0x20
    return UInt8(ascii: "a") <= lower && lower <= UInt8(ascii: "z")
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    UInt8(ascii: "0") <= byte && byte <= UInt8(ascii: "9")
  }

  /// Everything that was given but for these parameters, as sorted words.
  public func words(without names: Set<String>) -> [String] {
    given.filter { !names.contains($0.name) }.map { "\($0.name)=\($0.value)" }.sorted()
  }

  /// The values of all these parameters, in the order in which they were given.
  ///
  /// For parameters that may be given several times.
  public func all(_ names: String...) -> [(name: String, value: String)] {
    given.filter { names.contains($0.name) }
  }

  /// The value given for `name`, the last one if there are several.
  public subscript(name: String) -> String? { values[name] }

  /// The value of a parameter that the manual calls required.
  ///
  /// - Precondition: The manual does call it that.
  public func required(_ name: String) -> String {
    guard let value = values[name] else {
      preconditionFailure("required parameters are checked when parameters are parsed")
    }
    return value
  }

  /// The error that `name` has a wrong value.
  ///
  /// - Parameters:
  ///   - name: The parameter.
  ///   - problem: What is wrong and what to do.
  /// - Returns: The error, to be thrown.
  public func error(_ name: String, _ problem: String) -> GeneratorError {
    error(name, values[name] ?? "", problem)
  }

  /// The error that one of the values of `name` is wrong.
  ///
  /// - Parameters:
  ///   - name: The parameter.
  ///   - value: Its wrong value.
  ///   - problem: What is wrong and what to do.
  /// - Returns: The error, to be thrown.
  public func error(_ name: String, _ value: String, _ problem: String) -> GeneratorError {
    .usage(parameter: "\(name)=\(value)", problem: problem)
  }

  /// The value of `name` as one of the choices, or `nil` if it was not given.
  ///
  /// - Throws: ``GeneratorError/usage(parameter:problem:)`` that lists the choices.
  public func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ name: String,
    of type: Choice.Type
  ) throws(GeneratorError) -> Choice? {
    guard let value = values[name] else { return nil }
    if let choice = Choice(rawValue: value) { return choice }
    let choices = Choice.allCases.map(\.rawValue)
    let advice = closestMatch(to: value, among: choices).map { "; did you mean \($0)?" } ?? ""
    throw error(name, "not one of \(choices.joined(separator: ", "))\(advice)")
  }
}
