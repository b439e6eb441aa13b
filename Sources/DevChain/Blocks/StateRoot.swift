import Substrate

/// What stands in headers for the state and the extrinsics.
///
/// A published node puts roots of tries there. These are chained hashes: they bind a header just as much to all that
/// was ever written, but nothing can be proved against them.
enum StateRoot {
  /// The root after a block, from the one before and what the block wrote.
  static func next(_ root: [UInt8], _ changes: Storage.Changes) -> [UInt8] {
    var hasher = Blake2b.Hasher()
    hasher.update(root)
    for (key, value) in changes.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      hasher.update(key.encoded)
      hasher.update(value.encoded)
    }
    return hasher.finalize()
  }

  static func of(_ extrinsics: [[UInt8]]) -> [UInt8] { Blake2b.hash256(extrinsics.encoded) }
}

/// The last few states that were rebuilt.
struct StateCache: Sendable {
  private var states: [(hash: BlockHash, state: Runtime)] = []
  private static let limit = 8

  subscript(hash: BlockHash) -> Runtime? {
    get { states.first { $0.hash == hash }?.state }
    set {
      states.removeAll { $0.hash == hash }
      if let newValue { states.append((hash, newValue)) }
      if states.count > Self.limit { states.removeFirst() }
    }
  }
}
