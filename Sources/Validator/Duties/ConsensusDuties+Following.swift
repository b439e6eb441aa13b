import Logging
import Substrate

extension ConsensusDuties {
  /// Before an endpoint that failed is asked again.
  private static let pause = Duration.seconds(2)

  /// What following a duty has come to.
  private struct Pursuit {
    /// Whether its time is not over as far as is known: then the bytes are sent again.
    var isSending: Bool
    /// Whether the journal has it as sent.
    var isNoted: Bool
    /// Why the chain did not take it, the last time that it was sent.
    var refusal: ExtrinsicError?
  }

  /// Sends a duty's bytes and follows them until they are final, or can never be included. Ends early when the task is
  /// cancelled; the journal knows where to go on.
  ///
  /// A database that can't be written now is waited for: what is in a block and not noted is noted with the next look.
  ///
  /// - Parameters:
  ///   - isOver: whether its epoch is, and with it its time: then it is looked for, and not sent any more.
  ///   - note: is told of a database that can't be written.
  /// - Throws: ``StoreError`` that is lasting; ``ProtectionError``.
  func follow(_ duty: DutyRecord, isOver: Bool, note: (StoreError) -> Void) async throws {
    guard let signature = duty.signature else { return }
    var pursuit = Pursuit(isSending: !isOver, isNoted: duty.state != .signed)
    var told: StoreError.Code?
    while !Task.isCancelled {
      do {
        if try await pursue(duty.key, signature, &pursuit) { return }
        told = nil
      } catch let error as StoreError where !error.isLasting {
        let level: Logger.Level = told == error.kind ? .debug : .warning
        told = error.kind
        note(error)
        logger.log(
          level: level, "what became of a duty can't be noted now",
          metadata: ["duty": "\(duty.key)", "error": "\(error)"])
      }
      guard !Task.isCancelled else { return }
      try? await Task.sleep(for: Self.pause)
    }
  }

  /// Looks at a duty until it is over or the endpoint fails.
  ///
  /// - Returns: whether nothing more can come.
  private func pursue(
    _ key: DutyKey, _ signature: DutyRecord.Signature, _ pursuit: inout Pursuit
  ) async throws -> Bool {
    let extrinsic = signature.extrinsic
    // What was signed may have left the process with the trial run.
    if !pursuit.isNoted { try await journal.advance(key, .send, at: signature.signedAt) }
    pursuit.isNoted = true
    do {
      let statuses =
        pursuit.isSending
        ? subnet.client.submitAndFollow(extrinsic, from: signature.signedAt)
        : subnet.client.follow(extrinsic, from: signature.signedAt)
      for try await status in statuses {
        if try await take(status, key, extrinsic) { return true }
      }
    } catch let error as ExtrinsicError where error.kind == .expired && !pursuit.isSending {
      try await end(key, extrinsic, pursuit.refusal, at: extrinsic.expiresAt ?? signature.signedAt)
      return true
    } catch let error as ExtrinsicError {
      // Refused: because it is in a block already, or was; that is looked for until its time is over.
      if ![.priorityTooLow, .future].contains(error.kind) {
        pursuit.refusal = error.kind == .expired ? pursuit.refusal : error
        pursuit.isSending = false
      }
      logger.info(
        "an endpoint refused a duty", metadata: ["duty": "\(key)", "error": "\(error.code)"])
    } catch let error as any SubstrateError {
      logger.info("a duty can't be followed now", metadata: ["duty": "\(key)", "error": "\(error)"])
    }
    return false
  }

  /// - Returns: whether nothing more can come.
  private func take(_ status: ExtrinsicStatus, _ key: DutyKey, _ extrinsic: SignedExtrinsic) async throws -> Bool {
    switch status {
    case .inBlock(let block, _):
      try await journal.advance(key, .include(block), at: block.number)
      logger.info("a duty is in a block", metadata: ["duty": "\(key)", "block": "\(block.number)"])
    case .retracted(let block):
      try await journal.advance(key, .retract, at: block.number)
      // The pools of the new fork may not have it; the same bytes do no harm.
      try? await subnet.client.submit(extrinsic)
    case .finalized(let block, let outcome):
      try await journal.advance(key, .include(block), at: block.number)
      guard outcome == .succeeded else {
        try await journal.advance(key, .refuse(outcome.name), at: block.number)
        logger.warning("a duty failed on chain", metadata: ["duty": "\(key)", "error": "\(outcome.name)"])
        return true
      }
      try await journal.advance(key, .finalize(block), at: block.number)
      logger.notice("a duty is done", metadata: ["duty": "\(key)", "block": "\(block.number)"])
      return true
    }
    return false
  }

  private func end(
    _ key: DutyKey, _ extrinsic: SignedExtrinsic, _ refusal: ExtrinsicError?, at block: UInt64
  ) async throws {
    let event: DutyProgress.Event
    switch refusal?.kind {
    case .stale: event = .replace
    case nil, .badProof, .expired: event = await wasReplaced(extrinsic) ? .replace : .expire
    case .some: event = .refuse(refusal?.code ?? "")
    }
    // The block that it was in may have been abandoned while nobody looked.
    try await journal.advance(key, .retract, at: block)
    try await journal.advance(key, event, at: block, detail: refusal?.message)
    logger.warning(
      "a duty was not included: \(event.name)",
      metadata: ["duty": "\(key)", "error": "\(refusal?.code ?? "extrinsic.expired")"])
  }

  /// Whether another extrinsic used the nonce, by the last block that could have held this one. A state that nobody
  /// keeps any more does not tell.
  private func wasReplaced(_ extrinsic: SignedExtrinsic) async -> Bool {
    guard let end = extrinsic.expiresAt, end > 0, let last = try? await subnet.client.at(number: end - 1),
      let nonce = try? await last.account(extrinsic.signer).nonce
    else { return false }
    return nonce > extrinsic.nonce
  }
}

extension DispatchOutcome {
  /// The runtime's name for it.
  var name: String {
    switch self {
    case .succeeded: "succeeded"
    case .failed(let error): error.name
    case .refused(let name): name
    }
  }
}
