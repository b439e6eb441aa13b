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
  /// How many final blocks are looked through at a time.
  static let searchStretch: UInt64 = 64

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
  /// silent loses nothing.
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

  private func follow(
    _ extrinsic: SignedExtrinsic, from block: UInt64, sending: Bool
  ) -> AsyncThrowingStream<ExtrinsicStatus, any Error> {
    let (stream, continuation) = AsyncThrowingStream.makeStream(of: ExtrinsicStatus.self)
    let task = Task {
      do {
        if sending { try await submit(extrinsic) }
        var search = ExtrinsicSearch(client: self, extrinsic: extrinsic, from: block)
        try await withThrowingTaskGroup(of: Void.self) { group in
          let heads = HeadTicks(rpc)
          group.addTask { try await heads.run() }
          defer { group.cancelAll() }
          for try await _ in heads.ticks {
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
