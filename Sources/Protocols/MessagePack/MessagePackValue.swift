public import Foundation

/// A value of MessagePack, as the mesh's nodes exchange them in records and descriptions (mesh-wire.md §5.2).
public enum MessagePackValue: Sendable, Hashable {
  case `nil`
  case bool(Bool)
  case int(Int64)
  /// A number above `Int64.max`; every smaller one is an ``int(_:)``.
  case uint(UInt64)
  case double(Double)
  case string(String)
  case binary(Data)
  case array([MessagePackValue])
  /// Pairs in the order in which they stand; keys may repeat.
  case map([Pair])
  /// A type that applications give a meaning, such as 0x40 for the mesh's tuples.
  case `extension`(Int8, Data)

  public struct Pair: Sendable, Hashable {
    public let key: MessagePackValue
    public let value: MessagePackValue

    public init(_ key: MessagePackValue, _ value: MessagePackValue) {
      self.key = key
      self.value = value
    }
  }

  /// The value behind a string key of a map, the last one if it repeats, as Python has it; nil if there is none or
  /// this is no map.
  public subscript(key: String) -> MessagePackValue? {
    guard case .map(let pairs) = self else { return nil }
    return pairs.last { $0.key == .string(key) }?.value
  }

  /// The shortest encoding, with floating point numbers always as eight bytes: what the mesh's nodes write.
  public var encoded: Data {
    var writer = MessagePackWriter()
    writer.write(self)
    return writer.bytes
  }

  /// Reads exactly one value.
  ///
  /// - Throws: ``MessagePackError``.
  public init(encoded bytes: Data) throws(MessagePackError) {
    var reader = MessagePackReader(bytes)
    self = try reader.value()
    guard reader.isAtEnd else { throw MessagePackError(.trailing, "bytes follow the value") }
  }
}
