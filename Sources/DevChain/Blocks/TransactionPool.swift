import Substrate

/// Extrinsics that wait for a block.
struct TransactionPool: Sendable {
  struct Entry: Sendable {
    let bytes: [UInt8]
    let hash: [UInt8]
    let transaction: SignedTransaction
    let priority: UInt64
    /// Who asked to be told what becomes of it.
    var watchers: [SubscriptionID] = []
    fileprivate let order: UInt64
  }

  /// Why an extrinsic is not taken.
  enum Refusal: Error, Equatable {
    case alreadyImported
    case tooLowPriority(old: UInt64, new: UInt64)
    case full
  }

  /// How many may wait.
  static let limit = 2048

  private var entries: [[UInt8]: Entry] = [:]
  private var nextOrder: UInt64 = 0

  var count: Int { entries.count }
  var all: [Entry] { entries.values.sorted { $0.order < $1.order } }

  subscript(hash: [UInt8]) -> Entry? { entries[hash] }

  /// Takes an extrinsic that was judged good.
  ///
  /// - Returns: the entry that it replaces, which has the same signer and nonce and a lower priority.
  mutating func insert(
    _ bytes: [UInt8], _ transaction: SignedTransaction, watcher: SubscriptionID? = nil
  ) throws(Refusal) -> Entry? {
    let hash = Blake2b.hash256(bytes)
    guard entries[hash] == nil else { throw .alreadyImported }
    let priority = Self.priority(of: transaction)
    let rival = entries.values.first {
      $0.transaction.signer == transaction.signer && $0.transaction.nonce == transaction.nonce
    }
    if let rival {
      guard rival.priority < priority else { throw .tooLowPriority(old: rival.priority, new: priority) }
      entries[rival.hash] = nil
    } else if entries.count >= Self.limit {
      throw .full
    }
    entries[hash] = Entry(
      bytes: bytes, hash: hash, transaction: transaction, priority: priority, watchers: watcher.map { [$0] } ?? [],
      order: nextOrder)
    nextOrder += 1
    return rival
  }

  @discardableResult
  mutating func remove(_ hash: [UInt8]) -> Entry? { entries.removeValue(forKey: hash) }

  /// Puts back what a retracted block held.
  mutating func restore(_ entry: Entry) {
    if entries.count < Self.limit { entries[entry.hash] = entry }
  }

  mutating func unwatch(_ watcher: SubscriptionID) {
    for hash in entries.keys { entries[hash]?.watchers.removeAll { $0 == watcher } }
  }

  /// The order in which a block may hold them: by priority, but each signer's by nonce without a gap.
  ///
  /// - Parameter nonce: the next nonce of an account.
  func ready(_ nonce: (AccountID) -> UInt32) -> [Entry] {
    var chains: [AccountID: [Entry]] = [:]
    for entry in entries.values { chains[entry.transaction.signer, default: []].append(entry) }
    var heads: [(entry: Entry, rest: ArraySlice<Entry>)] = []
    for (signer, chain) in chains {
      let sorted = chain.sorted { $0.transaction.nonce < $1.transaction.nonce }
      var expected = nonce(signer)
      let due = sorted.prefix {
        defer { expected &+= 1 }
        return $0.transaction.nonce == expected
      }
      if let first = due.first { heads.append((first, due.dropFirst())) }
    }
    var ready: [Entry] = []
    while let best = heads.indices.max(by: { Self.precedes(heads[$1].entry, heads[$0].entry) }) {
      ready.append(heads[best].entry)
      if let next = heads[best].rest.popFirst() { heads[best].entry = next } else { heads.remove(at: best) }
    }
    return ready
  }

  private static func precedes(_ first: Entry, _ second: Entry) -> Bool {
    first.priority == second.priority ? first.order < second.order : first.priority > second.priority
  }

  /// The next nonce of an account, those that wait counted.
  func nextNonce(_ account: AccountID, after nonce: UInt32) -> UInt32 {
    let waiting = Set(entries.values.lazy.filter { $0.transaction.signer == account }.map(\.transaction.nonce))
    var next = nonce
    while waiting.contains(next), next < .max { next += 1 }
    return next
  }

  /// Tip first, then shortness: how often the extrinsic would fit a block, times what each of them would pay.
  static func priority(of transaction: SignedTransaction) -> UInt64 {
    let perLength = maximumBlockLength / UInt64(max(1, transaction.length))
    let perWeight = maximumBlockWeight / max(1, transaction.call.declaration.weight)
    let fitting = UInt128(max(1, min(perLength, perWeight)))
    return UInt64(clamping: transaction.tip.saturatingAdding(1).saturatingMultiplying(fitting))
  }

  /// What ordinary extrinsics may take of a block, in bytes and in picoseconds.
  private static let maximumBlockLength: UInt64 = 3_932_160
  private static let maximumBlockWeight: UInt64 = 1_500_000_000_000
}

/// A client's subscription.
struct SubscriptionID: Sendable, Hashable {
  let connection: Int
  let id: String
}
