/// What became of a submitted extrinsic so far.
public enum ExtrinsicStatus: Sendable, Hashable {
  /// In a block of the best chain, with how it ended there.
  case inBlock(BlockReference, DispatchOutcome)
  /// The block it was in was abandoned; it may be included again.
  case retracted(BlockReference)
  /// In a block that can't be undone. The last status.
  case finalized(BlockReference, DispatchOutcome)
}

/// An endpoint client that can send to several endpoints at once.
public protocol ExtrinsicSubmitter: RPCClient {
  /// Sends the extrinsic to all healthy endpoints; returns if one at least took it.
  ///
  /// - Throws: the most telling ``RPCError`` if none did.
  func submit(extrinsic: [UInt8]) async throws
}

extension ChainClient {
  /// How often blocks are looked for when no endpoint announces them.
  static let pollInterval = Duration.seconds(2)
  /// How many statuses may wait for a slow reader; older ones are dropped, the last one never.
  static let statusBacklog = 64

  /// Sends an extrinsic, unless the runtime changed since it was signed: Hypertensor's version numbers, which
  /// the signature covers, don't tell. Sending the same bytes again does no harm.
  ///
  /// - Throws: ``ExtrinsicError`` if it is refused, ``RPCError`` if no endpoint could be reached; in that
  ///   case it may have been taken all the same, and only the same bytes may be sent again.
  public func submit(_ extrinsic: SignedExtrinsic) async throws {
    if let codeHash = extrinsic.codeHash,
      try await self.codeHash(after: bestHash()) != codeHash
    {
      throw ExtrinsicError(
        .runtimeChanged, "the runtime was upgraded after \(extrinsic.call) was signed",
        remedy: "Read the metadata again, rebuild the call and sign anew.")
    }
    do {
      if let submitter = rpc as? any ExtrinsicSubmitter {
        try await submitter.submit(extrinsic: extrinsic.bytes)
      } else {
        _ = try await rpc.call(
          "author_submitExtrinsic", [.string(Hex.encode(extrinsic.bytes))], timeout: Self.timeout)
      }
    } catch let error as RPCError {
      if error.server?.isAlreadyKnown == true { return }
      throw ExtrinsicError(refusal: error) ?? error
    }
  }

  /// Sends an extrinsic and follows it until it is final.
  ///
  /// The node's own watch only hastens the search: what counts is found in blocks, so a watch that falls
  /// silent loses nothing. While it is not known whether an endpoint took it, the same bytes are sent again.
  public func submitAndFollow(
    _ extrinsic: SignedExtrinsic, from block: UInt64
  ) -> AsyncThrowingStream<ExtrinsicStatus, any Error> {
    follow(extrinsic, from: block, sending: true)
  }

  /// Follows an extrinsic that was sent before, for example before a restart.
  ///
  /// - Parameter block: the height at which it was signed.
  public func follow(
    _ extrinsic: SignedExtrinsic, from block: UInt64
  ) -> AsyncThrowingStream<ExtrinsicStatus, any Error> {
    follow(extrinsic, from: block, sending: false)
  }

  /// Whether an endpoint has taken the extrinsic for certain.
  ///
  /// - Throws: what ``submit(_:)`` throws, unless it may have been taken all the same.
  private func send(_ extrinsic: SignedExtrinsic) async throws -> Bool {
    do {
      try await submit(extrinsic)
      return true
    } catch let error as RPCError where error.kind == .timeout || error.kind == .connectionLost {
      logger.info("an extrinsic may or may not have been taken", metadata: ["error": "\(error)"])
      return false
    }
  }

  private func follow(
    _ extrinsic: SignedExtrinsic, from block: UInt64, sending: Bool
  ) -> AsyncThrowingStream<ExtrinsicStatus, any Error> {
    let (stream, continuation) = AsyncThrowingStream.makeStream(
      of: ExtrinsicStatus.self, bufferingPolicy: .bufferingNewest(Self.statusBacklog))
    let task = Task {
      do {
        var isSent = true
        if sending { isSent = try await send(extrinsic) }
        var search = ExtrinsicSearch(client: self, extrinsic: extrinsic, from: block)
        try await withThrowingTaskGroup(of: Void.self) { group in
          let heads = HeadTicks(rpc)
          group.addTask { try await heads.run() }
          defer { group.cancelAll() }
          for try await _ in heads.ticks {
            // Whoever refuses it now may do so because it is in a block already, which the search will find.
            if !isSent { isSent = (try? await send(extrinsic)) ?? false }
            for status in try await search.advance() {
              continuation.yield(status)
              if case .finalized = status {
                continuation.finish()
                return
              }
            }
          }
          throw CancellationError()
        }
      } catch {
        continuation.finish(throwing: error)
      }
    }
    continuation.onTermination = { _ in task.cancel() }
    return stream
  }
}
