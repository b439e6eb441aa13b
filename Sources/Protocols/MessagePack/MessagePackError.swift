public import LibP2P

/// Why bytes are not one value of MessagePack.
public struct MessagePackError: LibP2PError, Hashable {
  /// The kinds of failure; the raw value is the stable code.
  public enum Code: String, Sendable, CaseIterable {
    /// The bytes end inside the value.
    case truncated = "msgpack.truncated"
    /// A byte that begins no value, or a string that is no UTF-8.
    case malformed = "msgpack.malformed"
    /// More levels or values than are read.
    case limit = "msgpack.limit"
    /// Something stands behind the value.
    case trailing = "msgpack.trailing"
  }

  /// Which failure it is.
  public let kind: Code
  public let message: String

  init(_ kind: Code, _ message: String) {
    self.kind = kind
    self.message = message
  }

  public var code: String { kind.rawValue }
  public var remedy: String { "" }
}
