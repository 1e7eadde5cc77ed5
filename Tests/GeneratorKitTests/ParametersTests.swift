import GeneratorKit
import Testing

private enum Kind: String, CaseIterable {
  case ext2, ext4
}

struct ParametersTests {
  private static let manual = Manual(
    name: "demo",
    summary: "a disk for tests",
    mainParameter: "dir",
    parameters: [
      .init("dir", "DIRECTORY", isRequired: true, "What is on it."),
      .init("size", "SIZE", "How large it is."),
      .init("type", "ext2|ext4", "What it is."),
    ],
    discussion: ""
  )

  private static func problem(of words: [String]) -> GeneratorError? {
    do throws(GeneratorError) {
      _ = try Parameters(words, for: manual)
      return nil
    } catch {
      return error
    }
  }

  @Test func parametersAreNamedOrMain() throws {
    let parameters = try Parameters(["size=10M", "/some/where"], for: Self.manual)
    #expect(parameters["size"] == "10M")
    #expect(parameters["dir"] == "/some/where")
    #expect(parameters.required("dir") == "/some/where")
    #expect(parameters["type"] == nil)
  }

  @Test(arguments: [
    ("dir=a", "a"), ("dir=", ""), ("dir=a=b", "a=b"), ("dir==", "="), ("", ""), ("=", "="),
    ("=a", "=a"), ("/size=1", "/size=1"), ("./size=1", "./size=1"), ("1=2", "1=2"),
    ("_a=2", "_a=2"), ("a b=c", "a b=c"), ("é=c", "é=c"), ("dir=é", "é"), ("size", "size"),
    ("a/b=c", "a/b=c"),
  ])
  func aWordIsAParameterIfItsKeyLooksLikeOne(word: String, value: String) throws {
    #expect(try Parameters([word], for: Self.manual)["dir"] == value)
  }

  @Test func unknownParametersAreExplained() {
    #expect(
      Self.problem(of: ["dir=a", "siez=1"])
        == .usage(
          parameter: "siez=1",
          problem: "demo has no such parameter; did you mean size=?"
        )
    )
    #expect(
      Self.problem(of: ["a.b-c_9=1"])
        == .usage(
          parameter: "a.b-c_9=1",
          problem: "demo has no such parameter; it has dir=, size=, type="
        )
    )
  }

  @Test(arguments: [["dir=a", "dir=a"], ["a", "b"], ["dir=a", "b"], ["b", "dir=a"]])
  func aParameterIsGivenOnce(words: [String]) {
    // A word without a name may be what a shell made of spaces.
    let advice = words[1].contains("=") ? "" : ", with quotes around spaces"
    #expect(
      Self.problem(of: words)
        == .usage(parameter: words[1], problem: "dir= was given before; give it once\(advice)")
    )
  }

  @Test(arguments: [[], ["size=1"]])
  func requiredParametersAreAskedFor(words: [String]) {
    #expect(
      Self.problem(of: words)
        == .usage(parameter: nil, problem: "dir= is missing; write: nbdgen demo DIRECTORY")
    )
  }

  @Test func aChoiceIsOneOfItsCases() throws {
    #expect(try Parameters(["a"], for: Self.manual).choice("type", of: Kind.self) == nil)
    #expect(
      try Parameters(["a", "type=ext4"], for: Self.manual).choice("type", of: Kind.self) == .ext4
    )
    let guesses = ["": "", "EXT4": "ext4", "ext3": "ext2", "ext2 ": "ext2", "btrfs": ""]
    for (value, guess) in guesses {
      let parameters = try Parameters(["a", "type=\(value)"], for: Self.manual)
      #expect(
        throws: GeneratorError.usage(
          parameter: "type=\(value)",
          problem: "not one of ext2, ext4" + (guess.isEmpty ? "" : "; did you mean \(guess)?")
        )
      ) {
        try parameters.choice("type", of: Kind.self)
      }
    }
  }

  @Test func errorsShowTheParameterAsGiven() throws {
    let parameters = try Parameters(["size=12q", "a"], for: Self.manual)
    let error = parameters.error("size", Size.advice)
    #expect(
      error.lines == ["size=12q: not a size; write bytes, or a number with K, M, G or T"]
    )
    #expect(GeneratorError.usage(parameter: nil, problem: "p").lines == ["p"])
    #expect(GeneratorError.host(["a", "b"]).lines == ["a", "b"])
  }
}
