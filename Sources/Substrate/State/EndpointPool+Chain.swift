/// A client that follows the chain's heads, so that they need not be asked for.
protocol HeadFollower: RPCClient {
  /// Nil until one was seen.
  var finalizedBlock: BlockHash? { get }
  var bestBlock: BlockHash? { get }
  /// Heads, told once they are in ``finalizedBlock`` and ``bestBlock``; ends when the client is shut down.
  func headEvents() -> AsyncStream<HeadEvent>
}

extension EndpointPool: HeadFollower {
  var finalizedBlock: BlockHash? { finalizedHead.flatMap { BlockHash($0.hashBytes) } }
  var bestBlock: BlockHash? { bestHead.flatMap { BlockHash($0.hashBytes) } }
}

extension EndpointPool: ExtrinsicSubmitter {
  public func submit(extrinsic: [UInt8]) async throws {
    let outcomes = try await submitToAll("author_submitExtrinsic", [.string(Hex.encode(extrinsic))])
    if outcomes.contains(where: \.isAccepted) { return }
    let errors = outcomes.compactMap { outcome in
      if case .failure(let error) = outcome.result { error } else { nil }
    }
    // What a node says of the extrinsic tells more than that another could not be reached.
    throw errors.first { $0.server != nil } ?? errors.first
      ?? RPCError(.unreachable, "no endpoint was there to take the extrinsic")
  }
}
