import Foundation
import TestSupport
import Testing

/// What a server uses of the host.
struct ServerProcess {
  private let number: Int32

  init(_ server: NbdgenProcess) { number = server.running.process }

  /// A line of its status that is in bytes.
  func memory(_ name: String) throws -> Int {
    let text = try String(contentsOfFile: "/proc/\(number)/status", encoding: .utf8)
    let line = try #require(text.split(separator: "\n").first { $0.hasPrefix(name + ":") })
    let words = line.split { " \t".contains($0) }
    return try #require(words.count > 1 ? Int(words[1]) : nil) << 10
  }

  func descriptorCount() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/\(number)/fd").count
  }

  /// The numbers of its threads.
  func threads() throws -> [Int32] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/\(number)/task").compactMap(
      Int32.init
    )
  }

  /// Whether it has at most so many descriptors, now or soon.
  func reaches(descriptorCount count: Int) throws -> Bool {
    for _ in 0..<3000 {
      if try descriptorCount() <= count { return true }
      usleep(10_000)
    }
    return false
  }
}
