import Logging
import Protocols
import Substrate

extension ValidatorEngine {
  typealias Sink = AsyncStream<Input>.Continuation

  /// Carries out one action and reports what became of it.
  func carryOut(_ action: DutyPipeline.Action, _ moment: EpochMoment, _ sink: Sink) async {
    do {
      switch action {
      case .recall(let epoch):
        let progress = try await recall(epoch, moment)
        sink.yield(.report(.recalled(epoch, progress)))
        // An earlier process opened the epoch; this one has not looked yet.
        if progress.isOpen, epoch == moment.epoch { await lookAtOwnNode(moment) }
      case .open(let epoch):
        try await open(epoch, moment)
        note(nil)
        sink.yield(.report(.done(action)))
        await lookAtOwnNode(moment)
      case .derive(let epoch, let hash):
        try await derive(epoch, hash)
        sink.yield(.report(.done(action)))
      case .challenge(let epoch):
        try await challenge(epoch, moment)
        sink.yield(.report(.done(action)))
      case .endChallenge(let epoch): endChallenge(epoch)
      case .score(let epoch):
        try await score(epoch)
        sink.yield(.report(.done(action)))
      case .attempt(let duty, let epoch): try await attempt(duty, epoch, moment, sink)
      case .miss(let duty, let epoch, let reason, let detail): try await miss(duty, epoch, reason, detail, moment)
      case .close(let epoch):
        try await close(epoch, moment)
        sink.yield(.report(.done(action)))
      }
    } catch let error as ProtectionError where error.kind == .hold {
      sink.yield(.failure(error))
    } catch let error as StoreError where error.isLasting {
      sink.yield(.failure(error))
    } catch is CancellationError {
    } catch {
      if let error = error as? StoreError { note(error) }
      logger.warning(
        "a step of the epoch failed and is tried again",
        metadata: ["epoch": "\(moment.epoch)", "step": "\(action)", "error": "\(error)"])
      sink.yield(.report(Self.report(of: action, failedBy: error)))
    }
  }

  /// An endpoint is not to blame for what the database did not take.
  private static func report(of action: DutyPipeline.Action, failedBy error: any Error) -> DutyPipeline.Report {
    guard case .attempt(let duty, let epoch) = action else { return .failed(action) }
    return .duty(duty, epoch, .waiting(error is StoreError ? .storeFailed : .chainUnreachable, "\(error)"))
  }

  // MARK: After a restart

  /// Before duties that could not be looked after are looked at again.
  private static let goOnPause = Duration.seconds(5)

  /// Looks after the duties that an earlier process left in epochs that are over. A database that can't be used now, or
  /// a chain that can't be reached, is waited for.
  func goOn(before moment: EpochMoment, _ sink: Sink) async {
    var level = Logger.Level.warning
    while !Task.isCancelled {
      do {
        if try await goOnOnce(before: moment, level) { return }
      } catch let error as StoreError where error.isLasting {
        sink.yield(.failure(error))
        return
      } catch is CancellationError {
        return
      } catch {
        if let error = error as? StoreError { note(error) }
        logger.log(level: level, "unfinished duties could not be read", metadata: ["error": "\(error)"])
      }
      level = .debug
      try? await Task.sleep(for: Self.goOnPause)
    }
  }

  /// - Parameter level: how loudly failures are told.
  /// - Returns: whether all of them could be looked after; one that could not holds up none of the others.
  private func goOnOnce(before moment: EpochMoment, _ level: Logger.Level) async throws -> Bool {
    let unfinished = try await duties.journal.unfinished().filter {
      $0.key.subnet == parts.subnet.identity && $0.key.epoch < moment.epoch
    }
    return try await withThrowingTaskGroup(of: Bool.self) { group in
      for duty in unfinished { group.addTask { try await self.lookAfter(duty, at: moment.best.number, level) } }
      return try await group.reduce(true) { $0 && $1 }
    }
  }

  /// - Returns: false if it has to be looked at again.
  private func lookAfter(_ duty: DutyRecord, at block: UInt64, _ level: Logger.Level) async throws -> Bool {
    do {
      if duty.next == .decide {
        try await duties.journal.advance(duty.key, .miss(.notRunning), at: block)
        metrics.missed(duty.key.duty, .notRunning)
      } else {
        try await follow(duty, isOver: true)
      }
      return true
    } catch let error as StoreError where error.isLasting {
      throw error
    } catch let error as CancellationError {
      throw error
    } catch {
      if let error = error as? StoreError { note(error) }
      logger.log(
        level: level, "an unfinished duty could not be looked after",
        metadata: ["duty": "\(duty.key)", "error": "\(error)"])
      // What can't follow in the journal can't follow later either.
      return error is ProtectionError
    }
  }

  private func recall(_ epoch: UInt32, _ moment: EpochMoment) async throws -> EpochProgress {
    var progress = EpochProgress()
    let store = parts.store
    progress.isOpen = try await store.epoch(epoch) != nil
    progress.hasTensors = try await store.probes(epoch).count >= Int(settings.challenge.probes)
    let nodes = try await store.nodes(epoch)
    progress.isChallengeBegun = !nodes.isEmpty
    if progress.isChallengeBegun { progress.isChallenged = try await isChallenged(epoch, nodes) }
    progress.isScored = try await store.scores(epoch) != nil
    if let node = moment.ownNode {
      for duty in Duty.allCases {
        progress.duties[duty] = try await duties.journal.duty(duties.key(duty, epoch, of: node))?.next
      }
    }
    return progress
  }

  private func isChallenged(_ epoch: UInt32, _ nodes: [EpochNode]) async throws -> Bool {
    let observations = try await parts.store.observations(epoch).filter { Challenge.isFinal($0, settings.challenge) }
    let judged = Set(observations.map { [$0.subnetNodeID, UInt32($0.probe)] })
    return judged.count >= nodes.count { $0.standing == .hoster } * Int(settings.challenge.probes)
  }

  // MARK: Evidence

  private func record(_ moment: EpochMoment) -> EpochRecord {
    EpochRecord(
      epoch: moment.epoch, firstBlock: moment.firstBlock, length: moment.position.length,
      firstBlockHash: moment.firstBlockHash, ownNode: moment.ownNode?.id, electedNode: moment.elected)
  }

  private func open(_ epoch: UInt32, _ moment: EpochMoment) async throws {
    guard moment.epoch == epoch else { return }
    try await parts.store.open(record(moment), nodes: [])
    if !settings.timetable.fits(moment.position.length) {
      logger.error(
        "an epoch of \(moment.position.length) blocks has no room for every window; set the shares of epoch.* otherwise"
      )
    }
    logger.info(
      "epoch \(epoch) is open",
      metadata: [
        "block": "\(moment.best.number)", "elected": "\(moment.elected.map(String.init) ?? "nobody")",
        "own": "\(moment.ownNode.map { "\($0.id)" } ?? "not in the subnet")",
      ])
  }

  private func derive(_ epoch: UInt32, _ hash: BlockHash) async throws {
    let identity = parts.subnet.identity
    let known = Set(try await parts.store.probes(epoch).map(\.probe))
    for probe in 0..<settings.challenge.probes where !known.contains(probe) {
      let tensor = ConsensusTensor(
        genesisHash: identity.genesisHash.bytes, subnetID: identity.subnetID, epoch: epoch, firstBlockHash: hash.bytes,
        vocabulary: settings.challenge.vocabulary, length: settings.challenge.promptLength, probe: probe)
      guard let tensor else {
        throw StoreError(.failed, "no tensor of \(settings.challenge.promptLength) tokens can be made")
      }
      try await parts.store.record(
        ProbeTensor(probe: probe, source: .chain, tensor: Answer(try tensor.tensor())), epoch: epoch)
    }
  }

  private func challenge(_ epoch: UInt32, _ moment: EpochMoment) async throws {
    var nodes = try await parts.store.nodes(epoch)
    if nodes.isEmpty {
      guard moment.epoch == epoch else { return }
      // By a wrong clock everybody looks as if it refused: nobody could be told from a hoster, or asked.
      try await demandRightClock()
      let candidates = moment.roster.nodes(of: .included, at: epoch)
      nodes = await standings(of: candidates, own: moment.ownNode?.id)
      try await demandRightClock()
      try await parts.store.open(record(moment), nodes: nodes)
    }
    let feed = parts.feed
    let challenge = Challenge(
      epoch: epoch, settings: settings.challenge,
      caller: ClockAwareCaller(caller: parts.caller, clock: clock) { self.noteClock($0) },
      store: parts.store, logger: logger
    ) { feed.moment?.best.number ?? moment.best.number }
    begin(challenge)
    defer { forgetChallenge(epoch) }
    try await challenge.run(nodes, try await parts.store.probes(epoch))
  }

  /// - Throws: ``EpochError`` `epoch.clock` while peers refuse what this machine signs.
  private func demandRightClock() async throws {
    guard let offset = await clock.offset() else { return }
    noteClock(offset)
    if ClockWatch.Grade(offset) == .wrong { throw EpochError.clock(offset) }
  }

  /// Tells hosters from those that serve nothing. Only a node that may attest is believed when it says that it is a
  /// validator: what serves nothing is not asked, and must not be a way around being asked.
  private func standings(of nodes: [SubnetNode], own: UInt32?) async -> [EpochNode] {
    let caller = parts.caller
    let timeout = min(settings.challenge.callTimeout, .seconds(5))
    var validators: Set<UInt32> = []
    await withTaskGroup(of: UInt32?.self) { group in
      for (index, node) in nodes.filter({ $0.id != own && $0.nodeClass >= .validator }).enumerated() {
        if index >= max(1, settings.challenge.concurrency), let id = await group.next() ?? nil { validators.insert(id) }
        group.addTask { await Self.isValidator(node, caller, timeout) ? node.id : nil }
      }
      for await case let id? in group { validators.insert(id) }
    }
    return nodes.map { node in
      EpochNode(
        subnetNodeID: node.id, peerID: node.peer.peerID, hotkey: node.hotkey, nodeClass: node.nodeClass,
        standing: node.id == own ? .own : validators.contains(node.id) ? .validator : .hoster)
    }
  }

  /// Asks twice: who is not heard is taken for a hoster that does not answer.
  private static func isValidator(_ node: SubnetNode, _ caller: any ProbeCaller, _ timeout: Duration) async -> Bool {
    if let role = await caller.role(of: node.peer.peerID, timeout: timeout) { return role == .validator }
    try? await Task.sleep(for: .milliseconds(500))
    return await caller.role(of: node.peer.peerID, timeout: timeout) == .validator
  }

  private func score(_ epoch: UInt32) async throws {
    let evidence = try await parts.agreement.evidence(for: epoch)
    let sheet = parts.policy.score(evidence)
    try await parts.store.record(
      sheet, by: parts.policy, agreement: type(of: parts.agreement).name, evidence: evidence.digest,
      block: parts.feed.moment?.best.number ?? 0)
    noteScored(epoch)
    logger.info("epoch \(epoch) is scored", metadata: ["nodes": "\(sheet.scores.count)", "digest": "\(sheet.digest)"])
  }

  // MARK: Duties

  private func attempt(_ duty: Duty, _ epoch: UInt32, _ moment: EpochMoment, _ sink: Sink) async throws {
    guard let node = moment.ownNode else { return }
    try await duties.prepare(node, at: epoch, firstSeen: parts.feed.firstSeen?.number ?? moment.best.number)
    switch try await duties.attempt(duty, epoch, node) {
    case .waiting(let reason, let detail):
      duties.tell(duty, epoch, reason, detail)
      sink.yield(.report(.duty(duty, epoch, .waiting(reason, detail))))
    case .settled: sink.yield(.report(.duty(duty, epoch, .settled)))
    case .sent(let record):
      sink.yield(.report(.duty(duty, epoch, .followed)))
      try await follow(record)
      sink.yield(.report(.duty(duty, epoch, .settled)))
    }
  }

  private func follow(_ duty: DutyRecord, isOver: Bool = false) async throws {
    // One who looks is enough.
    guard beginFollowing(duty.key) else { return }
    defer { endFollowing(duty.key) }
    try await duties.follow(duty, isOver: isOver) { self.note($0) }
    if let ended = try await duties.journal.duty(duty.key), ended.progress.isDone {
      metrics.ended(duty.key.duty, ended.state)
      try await keepSubmission(duty.key.epoch)
    }
  }

  private func miss(
    _ duty: Duty, _ epoch: UInt32, _ reason: MissReason, _ detail: String?, _ moment: EpochMoment
  ) async throws {
    guard let node = moment.ownNode else { return }
    let key = duties.key(duty, epoch, of: node)
    let record = try await duties.journal.plan(key, at: moment.best.number)
    // What was sent is followed to its end, also where its time is over and the process that sent it is gone.
    if record.next == .follow { return try await follow(record, isOver: epoch < moment.epoch) }
    guard record.next == .decide || record.next == .send else { return }
    try await duties.journal.advance(key, .miss(reason), at: moment.best.number, detail: detail)
    metrics.missed(duty, reason)
    let isFaultless = reason == .notElected || reason == .noProposal
    logger.log(
      level: isFaultless ? .info : .warning, "a duty was missed: \(reason.rawValue)",
      metadata: ["epoch": "\(epoch)", "duty": "\(duty.rawValue)"])
  }

  private func close(_ epoch: UInt32, _ moment: EpochMoment) async throws {
    // The epoch before is looked at once more: by now it can't change.
    for epoch in [epoch, epoch > 0 ? epoch - 1 : epoch] {
      guard let submission = try await keepSubmission(epoch), let node = moment.ownNode else { continue }
      try await duties.watch(node, submission)
    }
    _ = try await parts.store.prune(settings.retention, at: moment.epoch)
  }

  /// Keeps what the chain has of an epoch that this validator opened.
  @discardableResult
  private func keepSubmission(_ epoch: UInt32) async throws -> SubmissionRecord? {
    guard try await parts.store.epoch(epoch) != nil else { return nil }
    let block = try await parts.subnet.client.best()
    guard let proposal = try await parts.subnet.proposal(epoch, at: block) else { return nil }
    try await parts.store.record(proposal.record)
    return proposal.record
  }

  /// Alarms are in the log once in an epoch, and in the metrics all the time.
  private func lookAtOwnNode(_ moment: EpochMoment) async {
    guard let node = moment.ownNode else { return }
    do {
      if let offset = await clock.offset() { noteClock(offset) }
      let (health, alarms) = note(
        try await parts.subnet.health(
          of: node, minimumStake: moment.roster.minimumStake, account: parts.signer.account, judged: moment.firstBlock))
      metrics.record(health, alarms)
      for alarm in alarms { logger.warning("alarm: \(alarm.rawValue)", metadata: health.particulars(of: alarm)) }
    } catch {
      logger.info("the own node can't be looked at now", metadata: ["error": "\(error)"])
    }
  }
}
