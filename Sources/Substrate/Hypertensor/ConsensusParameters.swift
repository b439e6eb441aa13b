/// The chain-wide numbers that decide rewards and penalties. Ratios are out of 10^18, amounts in planck.
public struct ConsensusParameters: Sendable, Hashable {
  /// Blocks in an epoch.
  public let epochLength: UInt64
  /// The part of the validators that has to attest.
  public let minimumAttestation: UInt128
  /// From this part on, those who did not attest lose reputation.
  public let superMajority: UInt128
  public let baseSlash: UInt128
  public let maximumSlash: UInt128
  /// For a proposal that passes, before it falls with time.
  public let baseReward: UInt128
  /// Whether the whole network is paused.
  public let isPaused: Bool

  init(_ state: BlockState) async throws {
    async let minimum = state.value("Network", "MinAttestationPercentage")
    async let majority = state.value("Network", "SuperMajorityAttestationRatio")
    async let slash = state.value("Network", "BaseSlashPercentage")
    async let cap = state.value("Network", "MaxSlashAmount")
    async let reward = state.value("Network", "BaseValidatorReward")
    async let pause = state.value("Network", "TxPause")
    epochLength = try await state.constant("Network", "EpochLength").integer()
    minimumAttestation = try await Self.integer(minimum)
    superMajority = try await Self.integer(majority)
    baseSlash = try await Self.integer(slash)
    maximumSlash = try await Self.integer(cap)
    baseReward = try await Self.integer(reward)
    isPaused = try await pause?.boolean() ?? false
  }

  private static func integer(_ value: ScaleValue?) throws(ScaleError) -> UInt128 {
    guard let value else { throw ScaleError(.mismatch, "a consensus parameter has no value") }
    return try value.integer()
  }
}
