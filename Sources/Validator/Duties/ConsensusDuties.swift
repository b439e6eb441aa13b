import Logging
import Substrate
import Synchronization

/// Does duties on chain: checks, signs once, sends, and follows until it is final.
///
/// Everything that decides is read again at the best block before a signature, and nothing is signed but through the
/// journal. Source: spec/epoch.md §8, spec/chain.md §10.
final class ConsensusDuties: Sendable {
  /// What became of a try.
  enum Attempt: Sendable {
    case waiting(MissReason, String? = nil)
    /// It was sent, and has to be followed.
    case sent(DutyRecord)
    case settled
  }

  private struct State {
    var watch: DoppelgangerWatch?
    /// What was logged last of each duty, so that waiting does not fill the log.
    var told: [Duty: String] = [:]
  }

  let subnet: LiveSubnet
  let store: Store
  let journal: SubmissionJournal
  let signer: Signer
  let settings: DutySettings
  let logger: Logger
  private let judge: DutyJudge
  private let state = Mutex(State())

  init(
    _ subnet: LiveSubnet, store: Store, journal: SubmissionJournal, signer: Signer, settings: DutySettings,
    logger: Logger
  ) {
    self.subnet = subnet
    self.store = store
    self.journal = journal
    self.signer = signer
    self.settings = settings
    self.logger = logger
    judge = DutyJudge(store: store, subnetID: subnet.identity.subnetID, settings: settings)
  }

  func key(_ duty: Duty, _ epoch: UInt32, of node: SubnetNode) -> DutyKey {
    DutyKey(subnet.identity, nodeID: node.id, epoch: epoch, duty: duty)
  }

  // MARK: The start

  /// Looks at what the own node has done lately, before anything is signed; the first time only.
  ///
  /// - Parameter firstSeen: the height of the chain when the process started.
  /// - Throws: ``ProtectionError`` `protection.hold` if another signer was seen.
  func prepare(_ node: SubnetNode, at epoch: UInt32, firstSeen: UInt64) async throws {
    guard state.withLock({ $0.watch == nil }) else { return }
    try await demandRelease()
    let block = try await subnet.client.best()
    var watch = DoppelgangerWatch(startBlock: firstSeen, startEpoch: epoch)
    var last: [Duty: UInt32] = [:]
    for epoch in [epoch > 0 ? epoch - 1 : epoch, epoch] {
      guard let proposal = try await subnet.proposal(epoch, at: block) else { continue }
      for act in Self.acts(of: node, in: proposal.record) {
        last[act.duty] = max(last[act.duty] ?? 0, act.epoch)
        try await see(act, node, &watch)
      }
    }
    try await journal.settleRestore(
      ChainWitness(subnet: subnet.identity, nodeID: node.id, currentEpoch: epoch, lastActs: last))
    let made = watch
    state.withLock { $0.watch = made }
  }

  /// - Throws: ``ProtectionError`` `protection.hold` while a person has to look.
  func demandRelease() async throws {
    guard let hold = try await journal.holds().first(where: { $0.kind == .doppelganger }) else { return }
    throw ProtectionError(.hold, "signing is on hold: \(hold.detail)", remedy: hold.kind.remedy)
  }

  // MARK: One try

  /// Tries to do a duty at the best block.
  ///
  /// - Throws: ``ProtectionError`` `protection.hold` if another signer was seen; errors of the chain and the store.
  func attempt(_ duty: Duty, _ epoch: UInt32, _ node: SubnetNode) async throws -> Attempt {
    let key = key(duty, epoch, of: node)
    guard let outlook = try await subnet.outlook(epoch, account: signer.account) else { return .waiting(.tooLate) }
    let record = try await journal.plan(key, at: outlook.block)
    switch record.next {
    case .nothing: return .settled
    case .follow: return .sent(record)
    case .decide, .send: break
    }
    if let proposal = outlook.proposal { try await watch(node, proposal.record) }
    guard outlook.position.epoch == epoch else { return .waiting(.tooLate) }
    let decision: DutyJudge.Decision
    switch duty {
    case .propose: decision = try await judge.proposal(node, epoch, outlook, record)
    case .attest: decision = try await judge.attestation(node, epoch, outlook, record)
    }
    switch decision {
    case .not(let reason, let detail): return .waiting(reason, detail)
    case .done: return .sent(try await journal.advance(key, .send, at: outlook.block))
    case .states(let call, let content): return try await sign(key, call, content, outlook)
    }
  }

  private func sign(
    _ key: DutyKey, _ call: HypertensorCall, _ content: Digest32, _ outlook: ConsensusOutlook
  ) async throws -> Attempt {
    if outlook.isPaused { return .waiting(.paused, "the network is paused") }
    if outlook.balance < DutySettings.lowestBalance { return .waiting(.lowBalance, "\(outlook.balance.tensor) TENSOR") }
    guard state.withLock({ $0.watch?.maySign(in: key.epoch) ?? false }) else {
      return .waiting(.onHold, "the key was in use before the start; this epoch is only watched")
    }
    let record: DutyRecord
    do {
      let finalized = try await subnet.client.finalized().number
      let lifetime: UInt64
      switch SignatureLifetime(outlook.position, at: outlook.block, finalized: finalized, most: settings.longestEra) {
      case .blocks(let blocks): lifetime = blocks
      case .noRoom: return .waiting(.tooLate)
      case .finalityBehind(let lag):
        return .waiting(.chainUnreachable, "finality is \(lag) blocks behind the best block")
      }
      let context = try await subnet.client.signingContext(for: signer.account, lifetime: lifetime)
      let signer = signer
      let end = outlook.block + outlook.position.remaining
      record = try await journal.sign(key, content: content, at: context.height) {
        let extrinsic = try context.sign(call, with: signer)
        // A block may have come since the time was reckoned; what outlasts the epoch is not kept, and signed anew.
        guard (extrinsic.expiresAt ?? .max) <= end + 1 else {
          throw ExtrinsicError(.expired, "the signature would outlast the epoch")
        }
        return extrinsic
      }
    } catch let error as ProtectionError {
      return .waiting(error.kind == .hold ? .onHold : .protected, error.message)
    } catch let error as MetadataError {
      return .waiting(.unknownRuntime, error.message)
    } catch let error as ExtrinsicError where error.kind == .expired {
      return .waiting(.chainUnreachable, error.message)
    } catch let error as ExtrinsicError where [.unsupported, .malformedCall, .callNotAllowed].contains(error.kind) {
      return .waiting(.unknownRuntime, error.message)
    }
    guard let signature = record.signature else { return .settled }
    let trial = try await subnet.client.dryRun(signature.extrinsic)
    if trial.wouldSucceed { return .sent(try await journal.advance(key, .send, at: outlook.block)) }
    return Self.failed(trial)
  }

  private static func failed(_ trial: DryRun) -> Attempt {
    if let refusal = trial.refusal {
      return .waiting(refusal.kind == .cannotPay ? .lowBalance : .wouldFail, refusal.message)
    }
    switch trial.outcome {
    case .failed(let error):
      let isDone = ["AlreadyAttested", "SubnetRewardsAlreadySubmitted"].contains(error.name)
      return .waiting(isDone ? .alreadyDone : .wouldFail, error.name)
    case .refused(let name): return .waiting(.wouldFail, name)
    case .succeeded, nil: return .waiting(.wouldFail)
    }
  }

  // MARK: Watching

  /// Judges the acts of the own node that a submission shows.
  ///
  /// - Throws: ``ProtectionError`` `protection.hold` for one that somebody else signed; nothing is signed any more.
  func watch(_ node: SubnetNode, _ submission: SubmissionRecord) async throws {
    guard var watch = state.withLock(\.watch) else { return }
    for act in Self.acts(of: node, in: submission) { try await see(act, node, &watch) }
    let judged = watch
    state.withLock { $0.watch = judged }
  }

  private func see(_ act: DoppelgangerWatch.Act, _ node: SubnetNode, _ watch: inout DoppelgangerWatch) async throws {
    let key = key(act.duty, act.epoch, of: node)
    switch watch.see(act, journal: try await journal.duty(key)) {
    case .own: break
    case .earlier(let act):
      logger.notice(
        "this key was used before the start; the epoch is closed",
        metadata: ["epoch": "\(act.epoch)", "duty": "\(act.duty.rawValue)"])
      try await journal.raise(
        ProtectionBounds(
          Duty.allCases.map { .init(subnet: key.subnet, nodeID: key.nodeID, duty: $0, epoch: act.epoch) }))
    case .doppelganger(let act):
      let what = "block \(act.block) has a \(act.duty.rawValue) of node \(node.id) that this validator did not sign"
      try await journal.hold(.doppelganger, what)
      logger.critical("another signer has this key", metadata: ["epoch": "\(act.epoch)", "block": "\(act.block)"])
      try await demandRelease()
    }
  }

  /// What a submission shows of the node. A proposer's attestation is part of its proposal. In generation C a validator
  /// may have several nodes, and an act may be another one's.
  private static func acts(of node: SubnetNode, in submission: SubmissionRecord) -> [DoppelgangerWatch.Act] {
    guard node.validatorID == nil else { return [] }
    if submission.proposer == node.id {
      return [.init(.propose, epoch: submission.epoch, block: submission.block)]
    }
    return submission.attestations[node.id].map { [.init(.attest, epoch: submission.epoch, block: $0)] } ?? []
  }

  /// Logs why a duty waits, once for each reason.
  func tell(_ duty: Duty, _ epoch: UInt32, _ reason: MissReason, _ detail: String?) {
    let text = "\(epoch) \(reason.rawValue) \(detail ?? "")"
    let isNew = state.withLock { state in
      defer { state.told[duty] = text }
      return state.told[duty] != text
    }
    guard isNew else { return }
    let isOrdinary = reason == .noProposal || reason == .notElected
    logger.log(
      level: isOrdinary ? .debug : .warning, "a duty can't be done now: \(reason.rawValue)",
      metadata: ["epoch": "\(epoch)", "duty": "\(duty.rawValue)", "detail": "\(detail ?? "")"])
  }
}
