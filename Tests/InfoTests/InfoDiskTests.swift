import DiskModel
import GeneratorKit
import Synchronization
import TestSupport
import Testing

@testable import InfoGenerator

/// The recipe of a mode.
func recipe(
  _ words: [String],
  clock: BuildEnvironment.Clock = .stopped
) throws -> SessionRecipe {
  let environment = BuildEnvironment(
    variables: ["SECRET": "1 2 3"],
    descriptors: DescriptorCache(capacity: 1),
    clock: clock
  )
  let generated = try InfoDisk.build(try Parameters(words, for: InfoDisk.manual), in: environment)
  guard case .perSession(let recipe) = generated.content else {
    throw GeneratorError.host(["the disk does not depend on the session"])
  }
  return recipe
}

struct InfoDiskTests {
  private func disk(_ mode: String, _ name: String) throws -> [UInt8] {
    let disk = try recipe([mode]).make(Session(exportName: Array(name.utf8)))
    return try disk.bytes(0..<disk.size)
  }

  @Test(arguments: ["exportname", "export-name", "ExportName", "EXPORT-NAME", "mode=exportname"])
  func theNameIsTheDisk(mode: String) throws {
    #expect(try disk(mode, "a b\nü") == Array("a b\nü".utf8))
    #expect(try disk(mode, "") == [])
  }

  @Test func theNameIsTheDefault() throws {
    let disk = try recipe([]).make(Session(exportName: [0xFF, 1]))
    #expect(try disk.bytes(0..<disk.size) == [0xFF, 1])
  }

  @Test(arguments: ["aGVsbG8=", "aGVsbG8", " aGVs bG8="])
  func theNameIsBase64(name: String) throws {
    #expect(try disk("base64exportname", name) == Array("hello".utf8))
    #expect(try disk("BASE64-export-name", name) == Array("hello".utf8))
  }

  @Test func bothAlphabetsAreBase64() throws {
    #expect(try disk("base64exportname", "+/-_") == [0xFB, 0xFF, 0xBF])
  }

  @Test func whatIsNotBase64IsRefused() {
    let error = #expect(throws: SessionFailure.self) { try disk("base64exportname", "aGV!") }
    #expect(error?.problem.contains("not a digit of Base64 (byte 3)") == true)
  }

  @Test(arguments: [
    ("0x55*4", [0x55, 0x55, 0x55, 0x55]), ("", []), ("\"a\"@+1", [97, 0]),
    // What a client left encoded.
    ("0x55%2A2", [0x55, 0x55]), ("%281%202%29%2A2", [1, 2, 1, 2]),
    // What is an expression as it is.
    ("\"%41\"", [37, 52, 49]),
  ])
  func theNameIsAnExpression(name: String, bytes: [UInt8]) throws {
    #expect(try disk("data", name) == bytes)
  }

  @Test(arguments: ["</etc/passwd", "<(id)", "$SECRET", "$HOME", "%3C/etc/passwd", "(", "%", "%2"])
  func anExpressionGetsNothingOfTheHost(name: String) {
    let error = #expect(throws: SessionFailure.self) { try disk("data", name) }
    #expect(error?.problem.contains("the export name is not a data expression: ") == true)
    #expect(error?.problem.contains("\n") == false)
  }

  @Test func anAddressIsText() throws {
    let session = Session(exportName: [], address: "[::1]:4711")
    let disk = try recipe(["address"]).make(session)
    #expect(try disk.bytes(0..<disk.size) == Array("[::1]:4711".utf8))
  }

  @Test func aConnectionIsLinesOfText() throws {
    let facts = [(subject: "address", value: "unix"), (subject: "TLS", value: "no")]
    let session = Session(exportName: Array("a\nb".utf8), facts: facts)
    let disk = try recipe(["connection"]).make(session)
    let text = String(decoding: try disk.bytes(0..<disk.size), as: UTF8.self)
    #expect(text == "export name: \"a\\nb\", 3 bytes\naddress: unix\nTLS: no\n")
  }

  @Test func onlyNamesMakeDisksThatAreTheSameForAll() throws {
    for mode in Mode.allCases {
      let isName = [.exportName, .base64ExportName, .data].contains(mode)
      #expect(try recipe([mode.rawValue]).isSameForAll == isName)
    }
  }

  @Test func aModeThatIsNoneIsCorrected() {
    let error = #expect(throws: GeneratorError.self) { try recipe(["connttime"]) }
    #expect(error?.lines.first?.contains("did you mean conntime?") == true)
    let other = #expect(throws: GeneratorError.self) { try recipe(["mode=xyz"]) }
    #expect(other?.lines.first?.contains("there is exportname, base64exportname, data") == true)
  }
}
