/// A block at the head of a chain, as an endpoint reported it.
public struct ChainHead: Sendable, Hashable, CustomStringConvertible {
  public let number: UInt64
  /// The block hash as RPC parameters take it: `0x` and 64 lower-case hex digits.
  public let hash: String

  /// - Parameter hash: `0x` and 64 hex digits; anything else gives nil.
  public init?(number: UInt64, hash: String) {
    guard let bytes = HexText.decode(hash), bytes.count == 32 else { return nil }
    self.number = number
    self.hash = HexText.encode(bytes)
  }

  /// The 32 bytes of the hash.
  public var hashBytes: [UInt8] { HexText.decode(hash) ?? [] }

  public var description: String { "#\(number) \(hash.prefix(10))…" }
}

/// What a pool of endpoints sees of the chain.
public enum HeadEvent: Sendable, Hashable {
  /// The newest block; it may still be replaced, also by a lower one.
  case best(ChainHead)
  /// The newest finalized block; its number only rises.
  case finalized(ChainHead)
  /// No endpoint is usable: nothing is seen until ``resumed``.
  case interrupted(RPCError)
  /// An endpoint is usable again. Blocks may have been missed.
  case resumed
}
