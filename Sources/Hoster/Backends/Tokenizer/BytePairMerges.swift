import HeapModule

/// The pairs of tokens that become one, in the order in which they were learned (Sennrich et al. 2016).
struct BytePairMerges: Sendable {
  private struct Merge: Sendable {
    let rank: Int
    let token: Int32
  }

  /// A pair that may be merged, unless one of its tokens has been meanwhile.
  private struct Candidate: Comparable {
    let rank: Int
    let position: Int
    let left: Int32, right: Int32, merged: Int32

    static func < (one: Candidate, other: Candidate) -> Bool {
      (one.rank, one.position) < (other.rank, other.position)
    }
  }

  private var merges: [UInt64: Merge] = [:]
  /// How many are known.
  private(set) var count = 0

  /// Adds the pair that was learned after all others.
  mutating func add(_ left: Int32, _ right: Int32, as token: Int32) {
    merges[Self.key(left, right)] = Merge(rank: count, token: token)
    count += 1
  }

  /// Merges what can be merged: of all pairs the one learned first, and of that the leftmost, until none is left.
  ///
  /// Every token brings two candidates at most, at the beginning or when it is made, so the time is that of sorting.
  func apply(to tokens: [Int32]) -> [Int32] {
    guard tokens.count > 1 else { return tokens }
    // A token stands where its first part stood; what was merged into the one before it is gone.
    var tokens: [Int32?] = tokens
    var next = Array(1...tokens.count)
    var previous = Array(-1..<tokens.count - 1)
    var candidates = Heap<Candidate>()
    func candidate(at position: Int) -> Candidate? {
      guard position >= 0, next[position] < tokens.count, let left = tokens[position],
        let right = tokens[next[position]], let merge = merges[Self.key(left, right)]
      else { return nil }
      return Candidate(rank: merge.rank, position: position, left: left, right: right, merged: merge.token)
    }
    candidates.insert(contentsOf: tokens.indices.compactMap(candidate))
    while let best = candidates.popMin() {
      let other = next[best.position]
      guard tokens[best.position] == best.left, other < tokens.count, tokens[other] == best.right else { continue }
      tokens[best.position] = best.merged
      tokens[other] = nil
      next[best.position] = next[other]
      if next[other] < tokens.count { previous[next[other]] = best.position }
      for position in [previous[best.position], best.position] {
        if let candidate = candidate(at: position) { candidates.insert(candidate) }
      }
    }
    return tokens.compactMap(\.self)
  }

  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }
}
