/// The entries of a storage map, fetched page by page as they are read.
///
/// An endpoint that repeats keys, leaves their order or goes on without end is refused.
public struct StorageEntries: AsyncSequence, Sendable {
  public struct Entry: Sendable, Hashable {
    public let key: [UInt8]
    /// The parts of the key; nil where the item's hasher does not keep them.
    public let parts: [ScaleValue?]
    public let value: ScaleValue
  }

  let state: BlockState
  let item: StorageItem
  let prefix: [UInt8]
  let types: TypeRegistry
  let limit: Int

  /// How many keys are asked for at a time.
  static let pageSize: UInt64 = 500

  public func makeAsyncIterator() -> Iterator { Iterator(entries: self) }

  public struct Iterator: AsyncIteratorProtocol {
    fileprivate let entries: StorageEntries
    private var page: ArraySlice<Entry> = []
    private var last: [UInt8]?
    private var isComplete = false
    private var count = 0

    fileprivate init(entries: StorageEntries) { self.entries = entries }

    public mutating func next() async throws -> Entry? {
      while page.isEmpty {
        if isComplete { return nil }
        try await fetch()
      }
      return page.popFirst()
    }

    private mutating func fetch() async throws {
      let keys = try await entries.keys(after: last)
      isComplete = keys.count < StorageEntries.pageSize
      count += keys.count
      guard count <= entries.limit else {
        throw ChainError(.tooMany, "\(entries.item.name) has more than \(entries.limit) entries here")
      }
      guard let lastKey = keys.last else { return }
      var previous = last ?? []
      for key in keys {
        guard key.starts(with: entries.prefix), previous.lexicographicallyPrecedes(key) else {
          throw ChainError(.malformed, "an endpoint gave keys of \(entries.item.name) out of order")
        }
        previous = key
      }
      page = try await entries.values(of: keys)[...]
      last = lastKey
    }
  }

  private func keys(after last: [UInt8]?) async throws -> [[UInt8]] {
    let answer = try await state.client.rpc.call(
      "state_getKeysPaged",
      [
        .string(Hex.encode(prefix)), JSONValue(Self.pageSize), last.map { .string(Hex.encode($0)) } ?? .null, state.at,
      ], timeout: ChainClient.timeout)
    let keys = answer.arrayValue?.compactMap { $0.hexBytes }
    guard let keys, keys.count == answer.arrayValue?.count, keys.count <= Self.pageSize else {
      throw ChainError(.malformed, "state_getKeysPaged gave no page of keys")
    }
    return keys
  }

  private func values(of keys: [[UInt8]]) async throws -> [Entry] {
    let answer = try await state.client.rpc.call(
      "state_queryStorageAt", [.array(keys.map { .string(Hex.encode($0)) }), state.at], timeout: ChainClient.timeout)
    guard let changes = answer.arrayValue?.first?["changes"]?.arrayValue, changes.count == keys.count else {
      throw ChainError(.malformed, "state_queryStorageAt gave not the values that were asked for")
    }
    return try zip(keys, changes).map { key, change in
      guard let pair = change.arrayValue, pair.count == 2, pair[0].hexBytes == key, let bytes = pair[1].hexBytes,
        let value = try item.value(bytes, types: types)
      else { throw ChainError(.malformed, "state_queryStorageAt gave another key than was asked for") }
      return Entry(key: key, parts: try item.parts(of: key, types: types), value: value)
    }
  }
}

extension BlockState {
  /// The entries of a map whose keys start with `keys`, in the order of their hashed keys.
  ///
  /// - Parameter limit: how many entries there may be; more is an error, not a cut.
  public func entries(
    _ pallet: String, _ item: String, _ keys: ScaleValue..., limit: Int = 100_000
  ) async throws -> StorageEntries {
    try await entries(pallet, item, keys: keys, limit: limit)
  }

  public func entries(
    _ pallet: String, _ item: String, keys: [ScaleValue], limit: Int = 100_000
  ) async throws -> StorageEntries {
    let metadata = try await metadata()
    let item = try metadata.storage(pallet, item)
    return StorageEntries(
      state: self, item: item, prefix: try item.key(keys, types: metadata.types), types: metadata.types, limit: limit)
  }
}
