/// The numbers that a runtime is built with; they are constants in its metadata.
public struct RuntimeParameters: Sendable, Hashable {
  /// Blocks in an epoch.
  public var epochLength: UInt32
  /// Chain time between two blocks in milliseconds, whatever time really passes.
  public var slotDuration: UInt64
  /// The version that signatures cover. The published runtimes have all had the same.
  public var specVersion: UInt32 = 1
  /// Calls that want one argument more than those of any published runtime, so that no client knows their shape.
  public var widenedCalls: Set<String> = []

  /// - Parameters:
  ///   - epochLength: at least ``minimumEpochLength``, or it is raised to it.
  ///   - slotDuration: at least 1.
  public init(epochLength: UInt32 = 20, slotDuration: UInt64 = 6000) {
    self.epochLength = max(Self.minimumEpochLength, epochLength)
    self.slotDuration = max(1, slotDuration)
  }

  /// Three blocks of an epoch belong to the chain; a subnet needs one of its own and one to attest in.
  public static let minimumEpochLength: UInt32 = 5

  /// How many epochs fit a year of blocks of six seconds.
  var epochsPerYear: UInt32 { max(1, 5_256_000 / epochLength) }
}

extension RuntimeParameters {
  /// The name of the runtime, and the version that signatures cover besides: those of the published ones.
  static let specName = "hypertensor-node"
  static let transactionVersion: UInt32 = 1
  /// How many block hashes the state remembers, which is also how old an era's birth may be.
  static let blockHashCount: UInt32 = 256
  /// Blocks at the start of an epoch in which no subnet has its slot.
  static let designatedEpochSlots: UInt32 = 3
  /// What an account must hold to exist, in planck.
  static let existentialDeposit: UInt128 = 500
}
