import GeneratorKit
import Testing

struct ClosestMatchTests {
  private static let names = ["size", "type", "label", "partition", "dir"]

  @Test(arguments: [
    ("size", "size"), ("siez", "size"), ("sice", "size"), ("sizes", "size"), ("izes", "size"),
    ("SIZE", "size"), ("lable", "label"), ("labl", "label"), ("partitoin", "partition"),
    ("patritoin", "partition"), ("dr", "dir"), ("typ", "type"),
  ])
  func aTypingErrorIsRecognised(word: String, match: String) {
    #expect(closestMatch(to: word, among: Self.names) == match)
  }

  @Test(arguments: ["", "xx", "uuid", "colour", "p", "partially-hidden"])
  func anotherWordIsNot(word: String) {
    #expect(closestMatch(to: word, among: Self.names) == nil)
  }

  @Test func theFirstOfEquallyCloseOnesIsTaken() {
    #expect(closestMatch(to: "cat", among: ["car", "bat"]) == "car")
    #expect(closestMatch(to: "cat", among: ["bat", "car", "cat"]) == "cat")
  }

  @Test func thereMayBeNoCandidates() {
    #expect(closestMatch(to: "size", among: []) == nil)
  }
}
