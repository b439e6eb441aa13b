/// Signs the calls on its list and no others.
///
/// A signer for a hotkey that lists only `propose_attestation` and `attest` can't be talked into moving
/// stake, whatever the code around it asks. The name is taken from the call's bytes, so wrappers such as
/// `Utility.batch` or `Proxy.proxy` are calls of their own that are not on the list.
public struct Signer: Sendable {
  public let account: AccountID
  /// The calls that may be signed, as the runtime spells them.
  public let allowed: Set<CallName>
  private let key: AccountKey

  public init(_ key: AccountKey, allowing allowed: Set<CallName>) {
    self.key = key
    self.allowed = allowed
    account = key.accountID
  }

  /// Signs a call; nothing is sent.
  ///
  /// - Parameter block: the chain's height when the era was chosen.
  /// - Throws: ``ExtrinsicError`` with `callNotAllowed`, `unsupported` or `runtimeChanged`.
  public func sign(
    _ call: RuntimeCall, _ parameters: SigningParameters, at block: UInt64, metadata: RuntimeMetadata
  ) throws -> SignedExtrinsic {
    let name = try metadata.callName(call.bytes)
    guard allowed.contains(name) else {
      throw ExtrinsicError(
        .callNotAllowed, "this signer does not sign \(name)",
        remedy: "It signs \(allowed.sorted().map(\.description).joined(separator: ", ")).")
    }
    let payload = try SigningPayload(call, parameters, metadata: metadata)
    let bytes = payload.extrinsic(signer: account, signature: try key.sign(payload.message))
    return SignedExtrinsic(
      bytes: bytes, hash: Blake2b.hash256(bytes), signer: account, nonce: parameters.nonce,
      call: name.description, expiresAt: parameters.era.death(at: block))
  }
}
