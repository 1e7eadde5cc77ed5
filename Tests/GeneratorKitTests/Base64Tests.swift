import Foundation
import GeneratorKit
import Testing

struct Base64Tests {
  private static let texts: [[UInt8]] = (0..<40).map { size in
    (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ size &* 31) }
  }

  @Test func whatIsPaddedIsTakenInBothForms() throws {
    for bytes in Self.texts {
      let text = Array(Data(bytes).base64EncodedString().utf8)
      #expect(try Base64.decode(text) == bytes)
      #expect(try Base64.decode(text, as: .lenient) == bytes)
    }
  }

  @Test func urlsHaveOtherDigitsAndNoPadding() throws {
    for bytes in Self.texts {
      let text = Base64.encodeForURL(bytes)
      let expected = Data(bytes).base64EncodedString().replacing("+", with: "-")
        .replacing("/", with: "_").replacing("=", with: "")
      #expect(text == expected)
      #expect(try Base64.decode(Array(text.utf8), as: .lenient) == bytes)
      if text != Data(bytes).base64EncodedString() {
        #expect(throws: Base64.Failure.self) { try Base64.decode(Array(text.utf8)) }
      }
    }
  }

  @Test(arguments: [Base64.Form.standard, .lenient])
  func whiteSpaceDoesNotCount(form: Base64.Form) throws {
    #expect(try Base64.decode(Array(" aG\tVs\r\nbG8= ".utf8), as: form) == Array("hello".utf8))
  }

  @Test(arguments: [
    ("hello", 5), ("a", 1), ("=", 0), ("a=", 1), ("aG=Vs", 3), ("aGVs=", 4), ("aGVs!", 4),
    ("aGVsbG8==", 8), ("aG=", 3),
  ])
  func everythingElseIsRefusedWithItsPlace(text: String, offset: Int) {
    let error = #expect(throws: Base64.Failure.self) {
      try Base64.decode(Array(text.utf8), as: .lenient)
    }
    #expect(error?.offset == offset)
  }
}
