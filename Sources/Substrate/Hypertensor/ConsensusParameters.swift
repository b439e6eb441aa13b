/// The chain-wide numbers that decide rewards and penalties.
public struct ConsensusParameters: Sendable, Hashable {
  /// Blocks in an epoch.
  public let epochLength: UInt64
  /// The part of the validators that has to attest.
  public let minimumAttestation: FixedU128
  /// From this part on, those who did not attest lose reputation.
  public let superMajority: FixedU128
  public let baseSlash: FixedU128
  public let maximumSlash: Planck
  /// For a proposal that passes, before it falls with time.
  public let baseReward: Planck
  /// Whether the whole network is paused.
  public let isPaused: Bool
}

extension ConsensusParameters {
  init(_ state: BlockState) async throws {
    async let minimum = state.value("Network", "MinAttestationPercentage")
    async let majority = state.value("Network", "SuperMajorityAttestationRatio")
    async let slash = state.value("Network", "BaseSlashPercentage")
    async let cap = state.value("Network", "MaxSlashAmount")
    async let reward = state.value("Network", "BaseValidatorReward")
    async let pause = state.value("Network", "TxPause")
    epochLength = try await state.constant("Network", "EpochLength").integer()
    minimumAttestation = try await Self.number(minimum)
    superMajority = try await Self.number(majority)
    baseSlash = try await Self.number(slash)
    maximumSlash = try await Self.number(cap)
    baseReward = try await Self.number(reward)
    isPaused = try await pause?.boolean() ?? false
  }

  private static func number<Number: WideNumber>(_ value: ScaleValue?) throws(ScaleError) -> Number {
    guard let value else { throw ScaleError(.mismatch, "a consensus parameter has no value") }
    return try Number(value)
  }
}
