/// One storage item of a runtime: makes its keys and reads its values.
///
/// A key is Twox128(prefix) ‖ Twox128(item), and for a map each key part as its hasher makes it.
public struct StorageItem: Sendable, Hashable {
  public let pallet: String
  public let entry: PalletMetadata.StorageEntry
  /// The types of the key parts, one for each hasher.
  public let keyTypes: [TypeID]
  /// What all keys of the item start with, 32 bytes.
  public let prefix: [UInt8]

  init(
    pallet: String, prefix: String, entry: PalletMetadata.StorageEntry, types: TypeRegistry
  ) throws(MetadataError) {
    self.pallet = pallet
    self.entry = entry
    self.prefix = Twox.hash128(Array(prefix.utf8)) + Twox.hash128(Array(entry.name.utf8))
    switch (entry.key, entry.hashers.count) {
    case (nil, _): keyTypes = []
    case (let key?, 1): keyTypes = [key]
    case (let key?, let count):
      guard case .tuple(let parts)? = try? types.type(key).definition, parts.count == count else {
        throw MetadataError(
          .unsupported, "\(pallet).\(entry.name) has \(count) hashers for the key \(types.name(of: key))")
      }
      keyTypes = parts
    }
  }

  public var name: String { "\(pallet).\(entry.name)" }

  /// The key for `parts`; with fewer parts than the item has, the prefix that those keys share.
  public func key(_ parts: [ScaleValue] = [], types: TypeRegistry) throws -> [UInt8] {
    guard parts.count <= keyTypes.count else {
      let names = keyTypes.map { types.name(of: $0) }.joined(separator: ", ")
      throw MetadataError(
        .keyMismatch, "\(name) takes \(keyTypes.count) key parts, \(parts.count) are given",
        remedy: keyTypes.isEmpty ? "It is a single value." : "They are: \(names).")
    }
    var key = prefix
    for (index, part) in parts.enumerated() {
      let encoded = try at("\(name) key \(index + 1)") { () throws(ScaleError) in
        try types.encode(part, as: keyTypes[index])
      }
      key += entry.hashers[index].hash(encoded)
    }
    return key
  }

  /// The parts of a key that the chain gave; nil stands for a part that its hasher does not keep.
  public func parts(of key: [UInt8], types: TypeRegistry) throws(ScaleError) -> [ScaleValue?] {
    guard key.starts(with: prefix) else {
      throw ScaleError(.malformed, "the key \(Hex.encode(key.prefix(40))) is not one of \(name)")
    }
    var reader = ScaleReader(Array(key.dropFirst(prefix.count)))
    var parts: [ScaleValue?] = []
    for (index, hasher) in entry.hashers.enumerated() {
      let hash = try reader.readBytes(hasher.hashLength)
      guard hasher.isReversible else {
        parts.append(nil)
        continue
      }
      let start = reader.offset
      let part = try types.decode(keyTypes[index], from: &reader)
      let encoded = Array(key[(prefix.count + start)..<(prefix.count + reader.offset)])
      guard hasher.hash(encoded) == hash + encoded else {
        throw ScaleError(.malformed, "part \(index + 1) of a key of \(name) does not match its hash")
      }
      parts.append(part)
    }
    try reader.finish()
    return parts
  }

  /// The value behind stored bytes. Where nothing is stored: nil if the item is optional, else the
  /// runtime's default.
  public func value(_ stored: [UInt8]?, types: TypeRegistry) throws(ScaleError) -> ScaleValue? {
    let bytes = stored ?? (entry.modifier == .default ? entry.fallback : nil)
    guard let bytes else { return nil }
    return try at(name) { () throws(ScaleError) in try types.decode(bytes, as: entry.value) }
  }
}
