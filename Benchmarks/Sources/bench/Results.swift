import Foundation

/// All that was measured, written down as it comes.
final class Results {
  private(set) var machine: Machine?
  private(set) var measurements: [Measurement] = []
  private let path: String?

  /// Begins with nothing.
  ///
  /// - Parameters:
  ///   - machine: What measures.
  ///   - path: Where the lines go; `nil` for nowhere.
  /// - Throws: ``BenchFailure``
  init(of machine: Machine, path: String?) throws {
    self.machine = machine
    self.path = path
    if let path { try TextFile.write(Self.line(machine), to: path) }
  }

  /// Reads the lines of an earlier run.
  init(readFrom path: String) throws {
    self.path = nil
    let decoder = JSONDecoder()
    for line in try TextFile.read(path).split(separator: "\n") {
      let bytes = Foundation.Data(line.utf8)
      if let measurement = try? decoder.decode(Measurement.self, from: bytes) {
        measurements.append(measurement)
      } else {
        machine = try decoder.decode(Machine.self, from: bytes)
      }
    }
  }

  private static func line(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try String(decoding: encoder.encode(value), as: UTF8.self) + "\n"
  }

  /// Takes the runs of a case; with none of them the remark says why.
  func add(
    _ test: String,
    _ figure: Figure,
    _ peer: Peer,
    _ runs: [Double],
    remark: String? = nil
  )
    throws
  {
    let measurement = Measurement(
      test: test,
      figure: figure,
      peer: peer,
      median: runs.isEmpty ? nil : Format.median(runs),
      runs: runs,
      remark: remark
    )
    measurements.append(measurement)
    if let path { try TextFile.write(Self.line(measurement), to: path, appending: true) }
  }

  /// The middle of what was measured, if it was.
  func median(_ test: String, _ figure: Figure, _ peer: Peer) -> Double? {
    find(test, figure, peer)?.median
  }

  /// The last such measurement.
  func find(_ test: String, _ figure: Figure, _ peer: Peer) -> Measurement? {
    measurements.last { $0.test == test && $0.figure == figure && $0.peer == peer }
  }

  /// How many times better nbdgen is than a peer: above 1 is better.
  func ratio(_ test: String, _ figure: Figure, to peer: Peer) -> Double? {
    guard let ours = median(test, figure, .nbdgen), let theirs = median(test, figure, peer),
      ours > 0, theirs > 0
    else { return nil }
    return figure.isMoreBetter ? ours / theirs : theirs / ours
  }
}
