/// What a node gets for an epoch, and the parts that it is the sum of. All numbers are out of 10^18.
public struct NodeScore: Sendable, Hashable {
  /// 100 %.
  public static let one: UInt64 = 1_000_000_000_000_000_000

  public let subnetNodeID: UInt32
  /// For serving.
  public let hosterPart: UInt64
  /// Before the hosters' share is divided; the same as the part where a policy divides nothing.
  public let hosterRaw: UInt64
  /// For validating.
  public let validatorPart: UInt64
  public let validatorRaw: UInt64
  /// Probes that earned something, and probes that could be judged.
  public let accepted: Int
  public let judged: Int

  /// What is put on chain.
  public var score: UInt64 { hosterPart + validatorPart }

  public init(
    subnetNodeID: UInt32, hosterPart: UInt64 = 0, hosterRaw: UInt64? = nil, validatorPart: UInt64 = 0,
    validatorRaw: UInt64? = nil, accepted: Int = 0, judged: Int = 0
  ) {
    self.subnetNodeID = subnetNodeID
    self.hosterPart = min(hosterPart, Self.one)
    self.hosterRaw = min(hosterRaw ?? hosterPart, Self.one)
    self.validatorPart = min(validatorPart, Self.one - self.hosterPart)
    self.validatorRaw = min(validatorRaw ?? validatorPart, Self.one)
    self.accepted = accepted
    self.judged = judged
  }
}

/// How a policy judged one probe of one hoster.
public struct Judgement: Sendable, Hashable {
  public let subnetNodeID: UInt32
  public let probe: UInt16
  public let verdict: Verdict
  public let reason: VerdictReason
  /// What the probe earned, out of 10^18.
  public let credit: UInt64

  public init(subnetNodeID: UInt32, probe: UInt16, verdict: Verdict, reason: VerdictReason, credit: UInt64) {
    self.subnetNodeID = subnetNodeID
    self.probe = probe
    self.verdict = verdict
    self.reason = reason
    self.credit = min(credit, NodeScore.one)
  }
}

/// The scores of an epoch, with what they follow from.
public struct ScoreSheet: Sendable, Hashable {
  public let epoch: UInt32
  /// By subnet node id, then probe.
  public let judgements: [Judgement]
  /// By subnet node id, each member of the evidence once.
  public let scores: [NodeScore]

  public init(epoch: UInt32, judgements: [Judgement], scores: [NodeScore]) {
    self.epoch = epoch
    self.judgements = judgements.sorted { ($0.subnetNodeID, $0.probe) < ($1.subnetNodeID, $1.probe) }
    self.scores = scores.sorted { $0.subnetNodeID < $1.subnetNodeID }
  }

  /// SHA-256 of "validatord/scores/1" ‖ epoch (u32 LE) ‖ subnet node id (u32 LE) and score (u64 LE) of each node.
  public var digest: Digest32 {
    var bytes = Array("validatord/scores/1".utf8) + littleEndian(epoch)
    for score in scores { bytes += littleEndian(score.subnetNodeID) + littleEndian(score.score) }
    return .sha256(bytes)
  }

  /// Whether at least one hoster could be judged, so that there is something to propose.
  public var isConclusive: Bool { scores.contains { $0.judged > 0 } }
}
