import Substrate
import Validator

/// The local network as it is after one block.
struct DevNetPicture: Sendable {
  /// What a validator thinks of a node.
  struct Opinion: Sendable, Hashable {
    let epoch: UInt32
    /// Nil for a node that serves nothing.
    let verdict: Verdict?
    let reason: VerdictReason?
    let score: FixedU128
  }

  let block: UInt64
  /// Nil before the subnet's first block.
  let epoch: UInt32?
  let blocksInto: UInt64
  let epochLength: UInt64
  /// The epochs from the first election on, oldest first.
  let epochs: [DevNetEpoch]
  /// The newest opinions by node id and validator's name.
  let opinions: [UInt32: [String: Opinion]]

  /// What validators and hosters are about.
  var phase: String {
    guard epochLength > 0 else { return "" }
    return switch Int(blocksInto * 100 / epochLength) {
    case ...DevNetConfiguration.commitFrom: "proposing and attesting"
    case ...DevNetConfiguration.commitUntil: "hosters compute"
    case ...DevNetConfiguration.callUntil: "validators call hosters"
    case ...DevNetConfiguration.scoreUntil: "scoring"
    default: "closing"
    }
  }

  var current: DevNetEpoch? { epochs.last { $0.epoch == epoch } }
}
