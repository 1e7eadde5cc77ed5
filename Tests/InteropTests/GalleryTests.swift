import Foundation
import TestSupport
import Testing

@Suite("The gallery of examples", .tags(.interop), .timeLimit(.minutes(30)))
struct GalleryTests {
  @Test("shows in qemu what it should")
  func examplesShowWhatTheyShould() throws {
    let examples = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Examples")
    let check = examples.appendingPathComponent("check").path
    let server = try Program.nbdgen().path
    try Program("python3").succeed([check, "--server", server, "--timeout", "100"], timeout: 220)
  }
}
