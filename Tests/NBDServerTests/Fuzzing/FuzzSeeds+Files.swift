import Foundation

extension FuzzSeeds {
  /// Writes inputs to the folder that `NBDGEN_FUZZ_SEEDS` names, a file each.
  package static func write(_ inputs: [[UInt8]]) {
    guard let folder = ProcessInfo.processInfo.environment["NBDGEN_FUZZ_SEEDS"] else { return }
    for (index, input) in inputs.enumerated() {
      let file = URL(fileURLWithPath: folder).appendingPathComponent("seed-\(index)")
      do { try Data(input).write(to: file) } catch { fatalError("\(file.path): \(error)") }
    }
  }
}
