import Substrate

/// What a simulated chain is made of, and where it is served.
public struct DevChainConfiguration: Sendable {
  /// How blocks come to be.
  public enum BlockTime: Sendable, Hashable {
    /// One after the other, whatever there is to put in.
    case every(Duration)
    /// As soon as an extrinsic waits.
    case instant
    /// When `dev_newBlock` or ``DevChainServer/makeBlocks(_:)`` asks for them.
    case manual
  }

  /// Where to listen on 127.0.0.1; 0 takes any free port.
  public var port = 0
  public var blockTime = BlockTime.every(.seconds(6))
  /// Whether time stands still until ``DevChainServer/resume()``.
  public var isPaused = false
  /// The constants of the runtime. A snapshot brings its own.
  public var parameters = RuntimeParameters()
  /// Blocks between the newest and the final one.
  public var finalityLag: UInt32 = 0
  /// What elections are drawn from.
  public var seed: UInt64 = 0
  /// The state to begin with, unless there is a snapshot.
  public var genesis = Genesis.development
  /// A saved state to go on from, as ``DevChainServer/snapshot()`` gives it.
  public var snapshot: [UInt8]?
  /// What `system_chain` answers.
  public var name = "Simulated Hypertensor"
  /// What `system_chainType` answers. Programs hold their clocks against a chain that is not one for development.
  public var type = "Development"
  /// Chain time of the first block, in milliseconds since 1970. A fixed time makes runs repeat to the byte.
  public var startTime: UInt64 = 1_767_225_600_000
  /// What goes wrong from the start.
  public var faults = Faults()
  /// Blocks behind the newest one whose state, and whose content, can be read.
  public var keptStates: UInt32 = 512
  public var keptBlocks: UInt32 = 8192

  public init() {}

  func makeChain() throws -> Chain {
    let start =
      if let snapshot { try ChainStart(Snapshot(snapshot), parameters, seed: seed) } else {
        try ChainStart(genesis, parameters, seed: seed, time: startTime)
      }
    return Chain(
      start, finalityLag: finalityLag,
      retention: Chain.Retention(states: keptStates, blocks: max(keptStates, keptBlocks)))
  }
}
