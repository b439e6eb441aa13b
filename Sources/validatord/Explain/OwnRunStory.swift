import Hoster
import Substrate
import Validator

/// What `explain` tells of an epoch from a hoster's database: whether it computed its own answer in time.
struct OwnRunStory: Sendable {
  private let run: OwnRunRecord
  private let subnet: SubnetIdentity?

  /// - Parameter epoch: nil for the newest.
  /// - Returns: nil if the database knows of none.
  init?(_ epoch: UInt32?, _ store: Store) async throws {
    guard let run = try await store.ownRun(epoch) else { return nil }
    self.run = run
    subnet = try await store.identity()
  }

  func write(_ format: OutputFormat) {
    switch format {
    case .json: Report.write(json)
    case .table:
      Report.write(text: "epoch \(run.epoch) of subnet \(subnet.map { "\($0.subnetID)" } ?? "–")")
      Report.write(text: "own answer: \(text)")
    }
  }

  private var text: String {
    switch run.outcome {
    case .kept: "kept in block \(run.block)"
    case .missed(let reason):
      "missed in block \(run.block): \(reason), \(OwnRunMiss(rawValue: reason)?.explanation ?? "for another reason")"
    }
  }

  private var json: JSONValue {
    var (outcome, reason): (String, JSONValue) = ("kept", .null)
    if case .missed(let why) = run.outcome { (outcome, reason) = ("missed", .string(why)) }
    return [
      "epoch": JSONValue(run.epoch), "subnet": subnet.map { JSONValue($0.subnetID) } ?? .null,
      "ownRun": ["outcome": .string(outcome), "reason": reason, "block": JSONValue(run.block)],
    ]
  }
}

extension OwnRunMiss {
  /// The reason in words for an operator.
  fileprivate var explanation: String {
    switch self {
    case .noTime: "the daemon saw none of the window's blocks"
    case .noNode: "the peer is no node of the subnet"
    case .noTensor: "the epoch's first block was not final in time"
    case .failed: "it could not be computed or kept"
    case .late: "it was computed, and the time for commits was over by then"
    }
  }
}
