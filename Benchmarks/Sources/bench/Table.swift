/// Results as people read them: a line for each figure, a column for each peer, and how
/// many times better nbdgen is than the peer.
struct Table {
  private static let caseWidth = 34
  private static let columnWidth = 17

  /// The lines of all cases whose names start with `prefix`.
  static func lines(_ title: String, _ prefix: String, _ results: Results) -> [String] {
    let measured = results.measurements.filter { $0.test.hasPrefix(prefix) }
    let peers = Peer.allCases.filter { peer in measured.contains { $0.peer == peer } }
    guard !peers.isEmpty else { return [] }
    var lines = [
      "",
      Format.column(title, caseWidth)
        + peers.map { Format.column($0.rawValue, columnWidth, isNumber: true) }.joined(),
    ]
    var remarks: [String] = []
    var seen: Set<String> = []
    for measurement in measured {
      let (test, figure) = (measurement.test, measurement.figure)
      guard seen.insert("\(test) \(figure)").inserted else { continue }
      let cells = peers.map { peer -> String in
        guard let median = results.median(test, figure, peer) else {
          return results.find(test, figure, peer) == nil ? "" : "failed"
        }
        let ratio = peer == .nbdgen ? nil : results.ratio(test, figure, to: peer)
        let times = ratio.map { Format.ratio($0) } ?? ""
        return Format.rate(median) + Format.column(times, 8, isNumber: true)
      }
      let name = test.dropFirst(prefix.count) + ", " + figure.rawValue
      lines.append(
        Format.column(String(name), caseWidth)
          + cells.map { Format.column($0, columnWidth, isNumber: true) }.joined()
      )
    }
    for measurement in measured {
      guard let remark = measurement.remark else { continue }
      let text = "  \(measurement.peer.rawValue), \(measurement.test): \(remark)"
      if !remarks.contains(text) { remarks.append(text) }
    }
    return lines + remarks
  }
}
