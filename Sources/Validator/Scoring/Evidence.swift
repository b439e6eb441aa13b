/// What the scores of an epoch are made from: nothing else enters them.
///
/// Always in one order, so that the same evidence is the same value however it was gathered.
public struct Evidence: Sendable, Hashable {
  /// What is known of one probe of one node.
  public struct Outcome: Sendable, Hashable {
    public let verdict: Verdict
    public let reason: VerdictReason
    /// Nil if there was no answer.
    public let answer: AnswerDigest?

    /// An answered probe without its answer can't be judged, and becomes inconclusive.
    public init(_ verdict: Verdict, _ reason: VerdictReason, answer: AnswerDigest? = nil) {
      let isLost = verdict == .accepted && reason == .answered && answer == nil
      self.verdict = isLost ? .inconclusive : verdict
      self.reason = isLost ? .notKept : reason
      self.answer = answer
    }

    /// The answer, if it was given properly and is still to be compared with those of the others.
    var answerToCompare: AnswerDigest? { verdict == .accepted && reason == .answered ? answer : nil }
  }

  /// A node that has to be scored.
  public struct Member: Sendable, Hashable {
    public let subnetNodeID: UInt32
    public let standing: EpochNode.Standing
    /// By probe.
    public let outcomes: [UInt16: Outcome]

    public init(subnetNodeID: UInt32, standing: EpochNode.Standing, outcomes: [UInt16: Outcome] = [:]) {
      self.subnetNodeID = subnetNodeID
      self.standing = standing
      self.outcomes = outcomes
    }
  }

  /// The scores that one validator reported for the hosters.
  public struct Report: Sendable, Hashable {
    public let subnetNodeID: UInt32
    /// Out of 10^18, by the hoster's subnet node id.
    public let scores: [UInt32: UInt64]

    public init(subnetNodeID: UInt32, scores: [UInt32: UInt64]) {
      self.subnetNodeID = subnetNodeID
      self.scores = scores
    }
  }

  public let epoch: UInt32
  /// By subnet node id, each once.
  public let members: [Member]
  /// All probes that any hoster was asked, in order.
  public let probes: [UInt16]
  /// By subnet node id, each once.
  public let reports: [Report]

  /// Of several members or reports with one id the first counts.
  public init(epoch: UInt32, members: [Member], reports: [Report] = []) {
    self.epoch = epoch
    self.members = Dictionary(members.map { ($0.subnetNodeID, $0) }) { first, _ in first }.values
      .sorted { $0.subnetNodeID < $1.subnetNodeID }
    self.reports = Dictionary(reports.map { ($0.subnetNodeID, $0) }) { first, _ in first }.values
      .sorted { $0.subnetNodeID < $1.subnetNodeID }
    probes = Set(self.members.lazy.filter { $0.standing == .hoster }.flatMap(\.outcomes.keys)).sorted()
  }

  /// Those who are called.
  var hosters: some Sequence<Member> { members.lazy.filter { $0.standing == .hoster } }

  /// What became of a probe; a hoster that this validator did not ask can't be judged.
  func outcome(_ member: Member, _ probe: UInt16) -> Outcome {
    member.outcomes[probe] ?? Outcome(.inconclusive, .ownFault)
  }
}
