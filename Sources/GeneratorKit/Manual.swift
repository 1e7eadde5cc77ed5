/// What is written about a generator: its manual page and its parameters, from
/// which `help` and the checking of parameters are both made.
public struct Manual: Sendable {
  /// The word that selects the generator on the command line.
  public var name: String

  /// One line that says what it makes, without a full stop.
  public var summary: String

  /// The parameter that a bare word is for.
  public var mainParameter: String

  /// The parameters in the order in which they are described.
  public var parameters: [Parameter]

  /// Whether the user may give parameters of other names, and what they mean.
  public var otherParameters: Parameter?

  /// The manual proper: paragraphs separated by empty lines, wrapped by whoever
  /// prints them; indented lines stay as they are.
  public var discussion: String

  /// A parameter of a generator.
  public struct Parameter: Sendable {
    /// The word before the `=`.
    public var name: String
    /// What may follow it, in the form of a usage line: `ext2|ext3|ext4`.
    public var value: String
    /// What it means, its unit and its default.
    public var text: String
    /// Whether there is no disk without it.
    public var isRequired: Bool
    /// Whether it may be given several times, in an order that matters.
    public var isRepeatable: Bool

    /// Creates a parameter.
    public init(
      _ name: String,
      _ value: String,
      isRequired: Bool = false,
      isRepeatable: Bool = false,
      _ text: String
    ) {
      self.name = name
      self.value = value
      self.text = text
      self.isRequired = isRequired
      self.isRepeatable = isRepeatable
    }
  }

  /// Creates a manual.
  public init(
    name: String,
    summary: String,
    mainParameter: String,
    parameters: [Parameter],
    otherParameters: Parameter? = nil,
    discussion: String
  ) {
    self.name = name
    self.summary = summary
    self.mainParameter = mainParameter
    self.parameters = parameters
    self.otherParameters = otherParameters
    self.discussion = discussion
  }
}

extension Manual {
  /// The manual page as text of at most `width` columns.
  public func page(width: Int = 79) -> String {
    var lines = ["\(name): \(summary)", ""]
    lines += wrap((["nbdgen [options]", name] + usage).joined(separator: " "), indent: 4, width)
    lines.append("")
    for parameter in parameters + (otherParameters.map { [$0] } ?? []) {
      lines.append("  \(parameter.name)=\(parameter.value)")
      lines += wrap(parameter.text, indent: 6, width)
      lines.append("")
    }
    for paragraph in paragraphs {
      if paragraph.hasPrefix(" ") {
        lines += paragraph.split(separator: "\n").map(String.init)
      } else {
        lines += wrap(String(paragraph), indent: 0, width)
      }
      lines.append("")
    }
    return lines.dropLast().joined(separator: "\n")
  }

  /// The parameters as a usage line has them.
  package var usage: [String] {
    parameters.map { parameter in
      let isMain = parameter.name == mainParameter
      let assignment = (isMain ? "[\(parameter.name)=]" : "\(parameter.name)=") + parameter.value
      let more = parameter.isRepeatable ? "..." : ""
      return (parameter.isRequired ? assignment : "[\(assignment)]") + more
    }
  }

  /// The paragraphs of the discussion, without the empty lines between them.
  private var paragraphs: [String] {
    discussion.split(separator: "\n", omittingEmptySubsequences: false)
      .split(whereSeparator: \.isEmpty)
      .map { $0.joined(separator: "\n") }
  }

  /// Breaks text into lines of at most `width` columns, further ones of a
  /// paragraph indented like the first.
  private func wrap(_ text: String, indent: Int, _ width: Int) -> [String] {
    let margin = String(repeating: " ", count: indent)
    var lines: [String] = []
    var line = margin
    for word in text.split(whereSeparator: \.isWhitespace) {
      if line.count > indent && line.count + 1 + word.count > width {
        lines.append(line)
        line = margin
      }
      line += (line.count > indent ? " " : "") + word
    }
    return lines + [line]
  }
}
