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
    let result: (DispatchOutcome?, ExtrinsicError?)
    if try isOk(&reader) {
      if try isOk(&reader) {
        result = (.succeeded, nil)
      } else {
        guard let type = metadata.types.types.firstIndex(where: { $0.path == ["sp_runtime", "DispatchError"] }) else {
          throw ScaleError(.unknownType, "the metadata has no DispatchError")
        }
        let error = try metadata.types.decode(TypeID(type), from: &reader)
        result = (try DispatchOutcome(dispatchError: error, metadata: metadata), nil)
      }
    } else {
      result = (nil, try refusal(&reader))
    }
    try reader.finish()
    return result
  }

  private static func isOk(_ reader: inout ScaleReader) throws(ScaleError) -> Bool {
    switch try reader.readByte() {
    case 0: return true
    case 1: return false
    case let other: throw ScaleError(.malformed, "a result starts with 0 or 1, not \(other)")
    }
  }

  /// `TransactionValidityError`.
  private static func refusal(_ reader: inout ScaleReader) throws(ScaleError) -> ExtrinsicError {
    let kind = try reader.readByte()
    let detail = Int(try reader.readByte())
    switch (kind, detail) {
    case (0, 7): return .invalid("custom reason \(try reader.readByte())")
    case (0, invalidNames.indices): return .invalid(invalidNames[detail])
    case (1, 2):
      return ExtrinsicError(.invalid, "the runtime can't judge the extrinsic: custom reason \(try reader.readByte())")
    case (1, 0...1):
      return ExtrinsicError(.invalid, "the runtime can't judge the extrinsic", remedy: "Try again later.")
    default: throw ScaleError(.malformed, "a refusal \(kind).\(detail) that no runtime gives")
    }
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
