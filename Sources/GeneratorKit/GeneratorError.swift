/// Why a disk could not be built.
public enum GeneratorError: Error, Equatable {
  /// What the user asked for is wrong: a parameter, its value, or both with
  /// respect to the input.
  ///
  /// - Parameters:
  ///   - parameter: The parameter as it was given, `key=value`; `nil` if the
  ///     error is about none in particular.
  ///   - problem: What is wrong and what to do, without a full stop.
  case usage(parameter: String?, problem: String)

  /// An expression that the user wrote is wrong: the problem, and lines that show
  /// where.
  case expression([String])

  /// The host or a library refused: a line for each thing that is wrong, with
  /// the path, what was being done, and the cause.
  case host([String])
}

extension GeneratorError {
  /// The error for people, a line each, without the generator's name.
  public var lines: [String] {
    switch self {
    case .usage(let parameter?, let problem): ["\(parameter): \(problem)"]
    case .usage(nil, let problem): [problem]
    case .expression(let lines), .host(let lines): lines
    }
  }
}
