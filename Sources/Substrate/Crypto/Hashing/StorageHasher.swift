/// How a storage map turns an encoded key into a part of the storage key.
///
/// The cases stand in the order of the metadata's enumeration, so that the index of a decoded
/// variant is an index into ``allCases``. The names are the metadata's, underscores included.
// swift-format-ignore: AlwaysUseLowerCamelCase
public enum StorageHasher: String, Sendable, CaseIterable {
  case blake2_128
  case blake2_256
  case blake2_128Concat
  case twox128
  case twox256
  case twox64Concat
  case identity

  /// The part of the storage key that stands for `encodedKey`, a SCALE-encoded map key.
  public func hash(_ encodedKey: [UInt8]) -> [UInt8] {
    switch self {
    case .blake2_128: Blake2b.hash128(encodedKey)
    case .blake2_256: Blake2b.hash256(encodedKey)
    case .blake2_128Concat: Blake2b.hash128(encodedKey) + encodedKey
    case .twox128: Twox.hash128(encodedKey)
    case .twox256: Twox.hash256(encodedKey)
    case .twox64Concat: Twox.hash64(encodedKey) + encodedKey
    case .identity: encodedKey
    }
  }

  /// Bytes of hash that come before the key itself, or make up the whole part if the hasher is not
  /// reversible.
  public var hashLength: Int {
    switch self {
    case .blake2_128, .blake2_128Concat, .twox128: 16
    case .blake2_256, .twox256: 32
    case .twox64Concat: 8
    case .identity: 0
    }
  }

  /// Whether the encoded key follows the hash, so that iteration over the map can give keys back.
  public var isReversible: Bool {
    switch self {
    case .blake2_128Concat, .twox64Concat, .identity: true
    case .blake2_128, .blake2_256, .twox128, .twox256: false
    }
  }
}
