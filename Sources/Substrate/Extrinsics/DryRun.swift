/// What would happen to an extrinsic on top of the best block.
public struct DryRun: Sendable, Hashable {
  /// How the call would end; nil if the extrinsic would not be let in.
  public let outcome: DispatchOutcome?
  /// Why it would not be let in.
  public let refusal: ExtrinsicError?
  /// Nil if the endpoint does not tell. Given back for calls that pay nothing when they succeed.
  public let fee: Planck?
  public let block: BlockReference

  public var wouldSucceed: Bool { outcome == .succeeded }
}

extension ChainClient {
  /// Runs an extrinsic on a copy of the best block's state.
  ///
  /// It is as if it stood at the end of that block: what the start of the next block changes, such as an
  /// election, is not seen.
  public func dryRun(_ extrinsic: SignedExtrinsic) async throws -> DryRun {
    let state = try await best()
    async let fee = fee(of: extrinsic, at: state)
    let result = try await state.callRaw("BlockBuilder_apply_extrinsic", extrinsic.bytes)
    let metadata = try await state.metadata()
    let (outcome, refusal) = try Self.readApplyResult(result, metadata)
    return DryRun(outcome: outcome, refusal: refusal, fee: await fee, block: state.reference)
  }

  /// `Result<Result<(), DispatchError>, TransactionValidityError>`.
  static func readApplyResult(
    _ bytes: [UInt8], _ metadata: RuntimeMetadata
  ) throws -> (DispatchOutcome?, ExtrinsicError?) {
    var reader = ScaleReader(bytes)
    if try reader.readByte() == 0 {
      if try reader.readByte() == 0 { return (.succeeded, nil) }
      guard let type = metadata.types.types.firstIndex(where: { $0.path == ["sp_runtime", "DispatchError"] }) else {
        throw ScaleError(.unknownType, "the metadata has no DispatchError")
      }
      let error = try metadata.types.decode(TypeID(type), from: &reader)
      return (try DispatchOutcome(dispatchError: error, metadata: metadata), nil)
    }
    let kind = try reader.readByte()
    let detail = Int(try reader.readByte())
    if kind == 0, detail == 7 {
      return (nil, .invalid("custom reason \(try reader.readByte())"))
    }
    if kind == 0, detail < invalidNames.count { return (nil, .invalid(invalidNames[detail])) }
    return (nil, ExtrinsicError(.invalid, "the runtime can't judge the extrinsic", remedy: "Try again later."))
  }

  /// The variants of `InvalidTransaction` in order.
  private static let invalidNames = [
    "Call", "Payment", "Future", "Stale", "BadProof", "AncientBirthBlock", "ExhaustsResources", "Custom",
    "BadMandatory", "MandatoryValidation", "BadSigner", "IndeterminateImplicit", "UnknownOrigin",
  ]

  /// An amount as JSON: decimal text, or a number.
  private static func amount(_ json: JSONValue) -> Planck? {
    (json.uint128Value ?? json.stringValue.flatMap { UInt128($0) }).map { Planck($0) }
  }

  private func fee(of extrinsic: SignedExtrinsic, at state: BlockState) async -> Planck? {
    let answer = try? await rpc.call(
      "payment_queryInfo", [.string(Hex.encode(extrinsic.bytes)), .string(state.hash.description)],
      timeout: Self.timeout)
    return answer?["partialFee"].flatMap(Self.amount)
  }
}
