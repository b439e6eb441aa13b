import Substrate

/// Signed extrinsics; those with different numbers are different ones.
enum Signatures {
  static func make(_ number: UInt8, expiresAt: UInt64? = 164) throws -> SignedExtrinsic {
    let key = try AccountKey(secret: [UInt8](repeating: 1, count: 32))
    let bytes = try key.sign([number]).bytes + [number]
    return SignedExtrinsic(
      bytes: bytes, hash: Blake2b.hash256(bytes), signer: key.accountID, nonce: UInt32(number),
      call: "Network.propose_attestation", expiresAt: expiresAt, codeHash: [UInt8](repeating: 4, count: 32))
  }
}
