import Crypto
import Foundation
import Substrate

/// A digest of 32 bytes.
public struct Digest32: Sendable, Hashable, Comparable, CustomStringConvertible {
  public let bytes: [UInt8]

  /// - Returns: nil unless there are exactly 32 bytes.
  public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == 32 else { return nil }
    self.bytes = Array(bytes)
  }

  init(_ digest: SHA256Digest) { bytes = Array(digest) }

  /// SHA-256 of some bytes.
  public static func sha256(_ bytes: some Sequence<UInt8>) -> Digest32 { Digest32(SHA256.hash(data: Array(bytes))) }

  /// Compares in a time that does not depend on where the two differ.
  public func matches(_ other: Digest32) -> Bool {
    zip(bytes, other.bytes).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }

  public static func < (first: Digest32, second: Digest32) -> Bool {
    first.bytes.lexicographicallyPrecedes(second.bytes)
  }

  /// Lower-case hex digits.
  public var description: String { Hex.encodeUnprefixed(bytes) }
}

/// The bytes of a number, lowest first.
func littleEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
  (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> Number($0 * 8)) }
}
