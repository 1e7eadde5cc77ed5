import Foundation
import TestSupport
import Testing

/// The talk's demo "Reflection": a boot sector that is nowhere but in qemu's
/// command line.
///
/// It is a game by Oscar Toledo G., Invaders: https://github.com/nanochess
@GuestThread
@Suite("Reflection", .tags(.interop), .timeLimit(.minutes(30)))
struct ReflectionTests {
  /// The name of the export, as the talk's slide has it.
  private static let slide = """
    uBMAzRD8uACgjtioWLQEo5D8McC5SH4x//OriwVAQKuIxJK4AByrUJjmq7\
    goFLsQJbELq4PAFp0r/sST4vUFjhWA/1x167+g1LEFuAQL6IUBg8c84vW+lvyAfAIgci3+xYD9N3SsrZ\
    etPCh0CzWgdQTGRP4o6F4Bgf5y/XXbiPAsAnLSNAGIwojG68qAdAIIRYPlB1JWVXU0tADNGjsWjPx09o\
    kWjPy+gPy5BACtPUABl3JD6BcBge9CAYoFLCByKVZXtAT25AHGrZfGBCC4CA7oAgFfXusfrQnAdC09AP\
    CXcxTo6ACBxz4BuAwMiXz+gL1AAQt1BTHAiUT+gD0cdQbHBpL80AroxgDizL6S/K0IwHQMBAh1CLQc/g\
    6R/HhKiUT+izzorgB1LrQCzRaoBHQCT0+oCHQCR0eoA3QNgz6A/AB1Bo1FCK0A/Jc9/uV0Bz0y53QCiQ\
    RdXlqLBID6AXYKBYACPYDUchvNIEhIcg0DwARQ0eixoPbx/syA/JRYcg0AzhAJBAUGD505AwDkQDz8cg\
    2/gvyDPQB0A6/i+Ikd6cL+GBg8JDx+/yQAgEIYEEiCAQC9234kPGbDADxa/6U8ZmYAAAAAAAAAAHICMc\
    CJhUABq8NRV5xQu6R9LteTuQoA+Ij4iPzo4f/Q4+L1gcdsAlhAqAd14J1fWcNPVao=
    """

  /// The characters of the slide that were misread when it was written down, by
  /// place: with these it is the game, byte for byte.
  private static let misread: [Int: Character] = [
    15: "O", 16: "w", 52: "u", 74: "O", 146: "w", 203: "O", 348: "O", 438: "O", 483: "r",
    484: "/", 485: "k", 490: "O", 514: "O", 518: "a", 526: "O",
  ]

  private static let game = String(slide.enumerated().map { misread[$0.offset] ?? $0.element })

  /// Boots a name as the talk does, and the same bytes from a file; expects that
  /// both look alike after some time.
  ///
  /// - Returns: What is in both guests' memory where the boot sector was loaded.
  @discardableResult
  private func boot(
    _ name: String,
    until isAlike: (_ name: Picture, _ file: Picture) -> Bool
  ) throws -> [[UInt8]] {
    let sector = Array(try #require(Data(base64Encoded: name)))
    #expect(sector.count == 512 && sector.suffix(2) == [0x55, 0xAA])
    // On the port that clients expect.
    let server = try Program.nbdgen().start(["info", "base64exportname"])
    _ = try server.errorLine(within: 60) { $0.contains("; in qemu: ") }
    let directory = try TemporaryDirectory()
    try RawPath(directory("sector")).write(sector)
    let drive = "snapshot=on,file.driver=nbd,file.host=localhost,file.port=10809,file.export="
    let guests = [
      try Guest(drive + name, directory("name")),
      try Guest("snapshot=on,format=raw,file=" + directory("sector"), directory("file")),
    ]
    let deadline = ContinuousClock.now + .seconds(180)
    var pictures: [Picture] = []
    repeat {
      usleep(200_000)
      pictures = try guests.map { try $0.picture() }
    } while !Self.isGraphics(pictures, isAlike) && ContinuousClock.now < deadline
    let isRight = Self.isGraphics(pictures, isAlike)
    #expect(isRight, "\(pictures.map(\.description))")
    let memories = try guests.map { try $0.memory(0x7C00, 512) }
    server.send(SIGTERM)
    #expect(try server.outcome(within: 10).status == 0)
    return memories
  }

  /// Whether both pictures are of the graphics mode that is wanted, not of text,
  /// and alike.
  private static func isGraphics(
    _ pictures: [Picture],
    _ isAlike: (_ name: Picture, _ file: Picture) -> Bool
  ) -> Bool {
    pictures.allSatisfy { $0.width == 640 && $0.height == 400 && !$0.lit().isEmpty }
      && isAlike(pictures[0], pictures[1])
  }

  @Test("The game boots out of the export name")
  func gameBoots() throws {
    let bullet: [UInt8] = [0xFF, 0x57, 0x57]
    let memories = try boot(Self.game) { name, file in
      // They move on and shoot, but keep their colours, one for each of 55.
      let invaders = [name, file].map { $0.colours(in: 0..<320).subtracting([bullet]) }
      // The ship waits for somebody to press a key.
      let ships = [name, file].map { $0.rows(366..<400) }
      return invaders[0] == invaders[1] && invaders[0].count == 55
        && ships[0] == ships[1] && name.colours(in: 366..<400) == [[0xB7, 0xB7, 0xB7]]
        && name.colours(in: 336..<356).subtracting([bullet]) == [[0x57, 0xFF, 0xFF]]
    }
    let sector = Array(try #require(Data(base64Encoded: Self.game)))
    #expect(memories == [sector, sector])
  }

  @Test("The name of the slide, as it was written down, boots as it does from a file")
  func slideBoots() throws {
    // Points of which some flicker: few, or once the timer has come at the wrong moment
    // many; and the code has changed itself by then.
    try boot(Self.slide) { name, file in
      name.lit().count >= 100 && file.lit().count >= 100
    }
  }
}

/// An emulator without a display.
private final class Guest {
  private let running: RunningProgram
  private let monitor: FileHandle
  private let directory: String
  private var count = 0

  init(_ drive: String, _ directory: String) throws {
    self.directory = directory
    try RawPath(directory).makeDirectory()
    let pipes = ["monitor.in", "monitor.out"].map { directory + "/" + $0 }
    try Program("mkfifo").succeed(pipes)
    // Open for reading, too: there is no waiting for the other end.
    monitor = try FileHandle(forUpdating: URL(fileURLWithPath: pipes[0]))
    running = try Program("qemu-system-i386").start([
      "-drive", drive, "-display", "none",
      "-chardev", "pipe,id=monitor,path=\(directory)/monitor",
      "-mon", "chardev=monitor,mode=control",
    ])
    try command("{\"execute\": \"qmp_capabilities\"}")
  }

  private func command(_ text: String) throws { try monitor.write(contentsOf: Data(text.utf8)) }

  /// What a command writes to a file, once that is complete.
  private func file(
    _ command: (_ path: String) -> String,
    isComplete: ([UInt8]) -> Bool
  ) throws -> [UInt8] {
    count += 1
    let path = "\(directory)/\(count)"
    try self.command(command(path))
    for _ in 0..<2000 {
      if let data = FileManager.default.contents(atPath: path), isComplete(Array(data)) {
        return Array(data)
      }
      guard running.status(within: 0.01) == nil else { break }
    }
    throw ToolFailure("no answer from qemu: \(try running.outcomeSoFar())")
  }

  /// What is in the guest's memory.
  func memory(_ address: Int, _ size: Int) throws -> [UInt8] {
    try file { path in
      let arguments = "\"val\": \(address), \"size\": \(size), \"filename\": \"\(path)\""
      return "{\"execute\": \"pmemsave\", \"arguments\": {\(arguments)}}"
    } isComplete: {
      $0.count == size
    }
  }

  /// What the guest shows.
  func picture() throws -> Picture {
    let bytes = try file { path in
      "{\"execute\": \"screendump\", \"arguments\": {\"filename\": \"\(path)\"}}"
    } isComplete: {
      Picture($0) != nil
    }
    guard let picture = Picture(bytes) else { throw ToolFailure("no picture") }
    return picture
  }
}

/// A PPM file, complete.
private struct Picture: CustomStringConvertible {
  let width: Int
  let height: Int
  /// Three bytes a point, row by row.
  private let points: [UInt8]

  init?(_ file: [UInt8]) {
    let parts = file.split(separator: 10, maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count == 4, parts[0].elementsEqual("P6".utf8), parts[2].elementsEqual("255".utf8)
    else { return nil }
    let size = String(decoding: parts[1], as: UTF8.self).split(separator: " ")
      .compactMap { Int($0) }
    guard size.count == 2, parts[3].count == size[0] * size[1] * 3 else { return nil }
    (width, height) = (size[0], size[1])
    points = Array(parts[3])
  }

  func rows(_ rows: Range<Int>) -> [UInt8] {
    let rows = rows.clamped(to: 0..<height)
    return Array(points[rows.lowerBound * width * 3..<rows.upperBound * width * 3])
  }

  /// The colours in some rows, black aside.
  func colours(in range: Range<Int>) -> Set<[UInt8]> {
    let bytes = rows(range)
    let colours = stride(from: 0, to: bytes.count, by: 3).map { Array(bytes[$0..<$0 + 3]) }
    return Set(colours).subtracting([[0, 0, 0]])
  }

  /// The points that are not black, counted row by row.
  func lit() -> Set<Int> {
    Set(points.indices.lazy.filter { points[$0] != 0 }.map { $0 / 3 })
  }

  var description: String {
    "\(width)x\(height), \(colours(in: 0..<height).count) colours, \(lit().count) points"
  }
}
