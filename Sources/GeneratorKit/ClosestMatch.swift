/// The candidate that `word` was probably meant to be: the one that the fewest
/// insertions, deletions, replacements and swaps of neighbours lead to, if
/// those are at most a third of the word and one.
///
/// Words of more than 100 characters are not meant to be anything.
public func closestMatch(to word: String, among candidates: [String]) -> String? {
  guard word.count <= 100 else { return nil }
  let limit = word.count / 3 + 1
  let distances = candidates.map { (candidate: $0, distance: editDistance(word, $0)) }
  return distances.filter { $0.distance <= limit }.min { $0.distance < $1.distance }?.candidate
}

/// Edits that turn one word into the other (optimal string alignment).
private func editDistance(_ left: String, _ right: String) -> Int {
  let left = Array(left.lowercased())
  let right = Array(right.lowercased())
  var beforeLast: [Int] = []
  var last = Array(0...right.count)
  for row in 0..<left.count {
    var current = [row + 1]
    for column in 0..<right.count {
      let replacement = last[column] + (left[row] == right[column] ? 0 : 1)
      var best = min(replacement, last[column + 1] + 1, current[column] + 1)
      if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
        best = min(best, beforeLast[column - 1] + 1)
      }
      current.append(best)
    }
    beforeLast = last
    last = current
  }
  return last[right.count]
}
