/// Finds what somebody meant who wrote something else.
enum Spelling {
  /// Longer names are not looked at; no key is as long.
  private static let longest = 64

  /// The candidate that is most like a word; nil if none is like it.
  static func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
    guard word.count <= longest else { return nil }
    let ranked = candidates.map { (name: $0, distance: distance(word.lowercased(), $0.lowercased())) }
    guard let best = ranked.min(by: { $0.distance < $1.distance }), best.distance <= max(2, word.count / 3) else {
      return nil
    }
    return best.name
  }

  /// How many letters have to be changed, put in, left out or swapped with their neighbour to get from one to the other.
  static func distance(_ first: String, _ second: String) -> Int {
    let (first, second) = (Array(first), Array(second))
    var before: [Int] = []
    var last = Array(0...second.count)
    for row in first.indices {
      var current = [row + 1]
      for column in second.indices {
        let isSame = first[row] == second[column]
        var cost = min(last[column] + (isSame ? 0 : 1), last[column + 1] + 1, current[column] + 1)
        if row > 0, column > 0, first[row] == second[column - 1], first[row - 1] == second[column] {
          cost = min(cost, before[column - 1] + 1)
        }
        current.append(cost)
      }
      (before, last) = (last, current)
    }
    return last[second.count]
  }
}
