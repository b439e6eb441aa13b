import Substrate

/// A storage item as the runtime declares it: a single value, or a map with a hasher for each key.
protocol StorageDeclaration: Sendable {
  associatedtype Value: RuntimeValue
  var name: String { get }
  /// What all keys of the item start with, 32 bytes.
  var prefix: [UInt8] { get }
  func declare(in types: inout TypeCatalog) -> PalletMetadata.StorageEntry
}

/// An item that reads as nothing where nothing is stored. Calling it with keys gives the ``Slot`` to read and write:
/// `storage.stored(Network.items.subnetSlot(subnet))`.
struct Stored<Value: RuntimeValue, each Key: RuntimeKey>: StorageDeclaration {
  let name: String
  let prefix: [UInt8]

  init(_ name: String, in pallet: String = "Network") {
    self.name = name
    prefix = StoragePrefix.of(pallet, name)
  }

  func callAsFunction(_ keys: repeat each Key) -> Slot<Value> {
    var key = prefix
    func add<Part: RuntimeKey>(_ part: Part) { key += Part.hasher.hash(part.encoded) }
    repeat add(each keys)
    return Slot(key: key)
  }

  func declare(in types: inout TypeCatalog) -> PalletMetadata.StorageEntry {
    var keys = StorageKeys()
    repeat keys.add((each Key).self, &types)
    return keys.entry(name, .optional, Value.declare(in: &types), fallback: [0], &types)
  }
}

/// An item that reads as its default where nothing is stored: `storage[Network.items.txPause()]`.
struct Defaulted<Value: RuntimeValue, each Key: RuntimeKey>: StorageDeclaration {
  let name: String
  let prefix: [UInt8]
  let fallback: Value

  init(_ name: String, _ fallback: Value, in pallet: String = "Network") {
    self.name = name
    self.fallback = fallback
    prefix = StoragePrefix.of(pallet, name)
  }

  func callAsFunction(_ keys: repeat each Key) -> DefaultedSlot<Value> {
    var key = prefix
    func add<Part: RuntimeKey>(_ part: Part) { key += Part.hasher.hash(part.encoded) }
    repeat add(each keys)
    return DefaultedSlot(key: key, fallback: fallback)
  }

  func declare(in types: inout TypeCatalog) -> PalletMetadata.StorageEntry {
    var keys = StorageKeys()
    repeat keys.add((each Key).self, &types)
    return keys.entry(name, .default, Value.declare(in: &types), fallback: fallback.encoded, &types)
  }
}

/// One place of the storage, with the type of what may stand there.
struct Slot<Value: RuntimeValue>: Sendable {
  let key: [UInt8]
}

/// One place of the storage, and what is read there while nothing stands in it.
struct DefaultedSlot<Value: RuntimeValue>: Sendable {
  let key: [UInt8]
  let fallback: Value
}

/// The two hashed names that the keys of an item start with.
enum StoragePrefix {
  static func of(_ pallet: String, _ item: String) -> [UInt8] {
    Twox.hash128(Array(pallet.utf8)) + Twox.hash128(Array(item.utf8))
  }
}

/// The keys of one item, as metadata tells them.
private struct StorageKeys {
  private var types: [TypeID] = []
  private var hashers: [StorageHasher] = []

  mutating func add<Part: RuntimeKey>(_: Part.Type, _ catalog: inout TypeCatalog) {
    types.append(Part.declare(in: &catalog))
    hashers.append(Part.hasher)
  }

  func entry(
    _ name: String, _ modifier: PalletMetadata.StorageEntry.Modifier, _ value: TypeID, fallback: [UInt8],
    _ catalog: inout TypeCatalog
  ) -> PalletMetadata.StorageEntry {
    let key = types.count > 1 ? catalog.tuple(types) : types.first
    return PalletMetadata.StorageEntry(
      name: name, modifier: modifier, hashers: hashers, key: key, value: value, fallback: fallback)
  }
}
