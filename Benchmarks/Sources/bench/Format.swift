import Foundation

/// Numbers as people read them.
enum Format {
  /// Three digits that count.
  static func figure(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return value == 0 ? "0" : "-" }
    let digits = max(0, 2 - Int(log10(abs(value)).rounded(.down)))
    return String(format: "%.\(min(digits, 6))f", value)
  }

  /// With k and M.
  static func rate(_ value: Double) -> String {
    switch value {
    case 1e9...: figure(value / 1e9) + " G"
    case 1e6...: figure(value / 1e6) + " M"
    case 1e4...: figure(value / 1e3) + " k"
    default: figure(value)
    }
  }

  /// How many times.
  static func ratio(_ value: Double) -> String {
    String(format: value < 10 ? "%.2fx" : value < 100 ? "%.1fx" : "%.0fx", value)
  }

  /// The middle one, or the mean of the middle two.
  static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return .nan }
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  /// Padded on the right, or on the left.
  static func column(_ text: String, _ width: Int, isNumber: Bool = false) -> String {
    let gap = String(repeating: " ", count: max(0, width - text.count))
    return isNumber ? gap + text : text + gap
  }
}

/// Prints a line at once, also into a file or a pipe.
func say(_ line: String) {
  print(line)
  fflush(nil)
}
