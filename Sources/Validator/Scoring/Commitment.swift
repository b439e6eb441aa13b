/// A promise that can be opened later: SHA-256(salt ‖ payload). Source: spec/epoch.md §2, §6.
///
/// Whoever sees the digest learns nothing of the payload before the reveal, and nobody can open it with another. The
/// payload names its subnet, epoch and node, so a promise copied from somebody else does not open for the copier.
public struct Commitment: Sendable, Hashable {
  /// Bytes of a salt.
  public static let saltLength = 16

  public let salt: [UInt8]
  public let payload: [UInt8]

  /// - Returns: nil unless the salt has ``saltLength`` bytes.
  public init?(salt: some Collection<UInt8>, payload: [UInt8]) {
    guard salt.count == Self.saltLength else { return nil }
    self.salt = Array(salt)
    self.payload = payload
  }

  /// With a fresh salt of the system's generator.
  public init(payload: [UInt8]) {
    var random = SystemRandomNumberGenerator()
    self.init(payload: payload, using: &random)
  }

  init(payload: [UInt8], using random: inout some RandomNumberGenerator) {
    salt = (0..<Self.saltLength).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    self.payload = payload
  }

  public var digest: Digest32 { .sha256(salt + payload) }

  /// Whether a reveal opens what was committed to; takes the same time for every wrong one.
  public func opens(_ digest: Digest32) -> Bool { self.digest.matches(digest) }
}
