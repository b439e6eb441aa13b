/// All that is needed to sign a call for the chain as it is now.
public struct SigningContext: Sendable {
  public let runtime: RuntimeSnapshot
  public let parameters: SigningParameters
  /// The height, final, from which the era counts; no earlier block can hold the extrinsic.
  public let height: UInt64

  /// Builds and signs a call; nothing is sent, so the bytes can be stored first.
  public func sign(_ call: HypertensorCall, with signer: Signer) throws -> SignedExtrinsic {
    try sign(try call.make(runtime.metadata), with: signer)
  }

  public func sign(_ call: RuntimeCall, with signer: Signer) throws -> SignedExtrinsic {
    var signed = try signer.sign(call, parameters, at: height, metadata: runtime.metadata)
    signed.codeHash = runtime.codeHash
    return signed
  }
}

extension ChainClient {
  /// How long an extrinsic lives unless told otherwise, in blocks.
  public static let defaultLifetime: UInt64 = 64

  /// Reads what a signature for `account` has to commit to.
  ///
  /// The era starts at a finalized block, so a reorganisation can't void the signature, and the runtime is
  /// that of the best block, which the extrinsic will meet.
  ///
  /// - Parameters:
  ///   - lifetime: blocks in which it may be included, raised to a power of two of at least 4.
  ///   - nonce: nil for the next one that neither the chain nor the pool has seen.
  ///   - tip: paid on top of the fee, for a better place in the pool.
  /// - Throws: ``ExtrinsicError`` `expired` when finality is so far behind that the signature would be born dead.
  public func signingContext(
    for account: AccountID, lifetime: UInt64 = defaultLifetime, nonce: UInt32? = nil, tip: Planck = 0
  ) async throws -> SigningContext {
    let best = try await best()
    let finalized = try await finalized()
    // One block back if finality has no lag: a block does not know its own hash, so a trial run on it would
    // refuse an era that starts there.
    let anchor = min(finalized.number, best.number > 0 ? best.number - 1 : 0)
    let era = Era.mortal(period: lifetime, at: anchor)
    let birth = era.birth(at: anchor)
    if let death = era.death(at: anchor), death <= best.number + 1 {
      throw ExtrinsicError(
        .expired,
        "finality is \(best.number - min(best.number, finalized.number)) blocks behind, which an era of \(lifetime) blocks does not outlive",
        remedy: "Wait for finality, or sign for a longer time.")
    }
    async let birthHash = birth == finalized.number ? finalized.hash : blockHash(number: birth)
    let runtime = try await best.runtime()
    let next: UInt32
    if let nonce { next = nonce } else { next = try await nextNonce(account, at: best) }
    return SigningContext(
      runtime: runtime,
      parameters: SigningParameters(
        genesisHash: genesisHash.bytes, specVersion: runtime.specVersion,
        transactionVersion: runtime.transactionVersion, nonce: next, era: era,
        eraBirthHash: try await birthHash.bytes, tip: tip),
      height: anchor)
  }

  /// The first nonce that neither the chain nor the endpoint's pool has seen.
  public func nextNonce(_ account: AccountID, at state: BlockState) async throws -> UInt32 {
    async let onChain = state.account(account).nonce
    let answer = try await rpc.call(
      "system_accountNextIndex", [.string(account.hex)], timeout: Self.timeout)
    guard let pooled = answer.uint64Value.flatMap(UInt32.init(exactly:)) else {
      throw ChainError(.malformed, "system_accountNextIndex gave no number")
    }
    return max(pooled, try await onChain)
  }
}
