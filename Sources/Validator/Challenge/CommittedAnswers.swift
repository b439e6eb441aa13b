/// What hosters committed to and revealed before they were called. Source: spec/epoch.md §2, §5.
struct CommittedAnswers: Sendable {
  /// The digest of the promised answer by subnet node id; nil where what was revealed is no answer of that node.
  private let answers: [UInt32: Digest32?]

  init(_ answers: [UInt32: Digest32?]) { self.answers = answers }

  init(_ reveals: [OpenedReveal], epoch: UInt32, identity: SubnetIdentity) {
    answers = Dictionary(
      reveals.map { reveal in
        let statement = Statement(
          genesisHash: identity.genesisHash, subnetID: identity.subnetID, epoch: epoch,
          subnetNodeID: reveal.subnetNodeID)
        return (reveal.subnetNodeID, statement.answer(in: reveal.payload))
      }, uniquingKeysWith: { first, _ in first })
  }

  /// An answer that is not the promised one is rejected, however many others agree with it. A promise is about the first
  /// tensor of the epoch.
  func judge(_ observation: Observation) -> Observation {
    guard observation.verdict == .accepted, observation.probe == 0, let promised = answers[observation.subnetNodeID],
      observation.answer?.digest != promised
    else { return observation }
    return Observation(
      epoch: observation.epoch, subnetNodeID: observation.subnetNodeID, probe: observation.probe,
      attempt: observation.attempt, peerID: observation.peerID, requestDigest: observation.requestDigest,
      verdict: .rejected, reason: promised == nil ? .reveal : .commit, answer: observation.answer,
      tokenCount: observation.tokenCount, firstMessage: observation.firstMessage, total: observation.total,
      block: observation.block)
  }
}
