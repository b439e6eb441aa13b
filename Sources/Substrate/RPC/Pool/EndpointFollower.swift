/// Verifies one connection and then follows the heads of its chain until something breaks.
struct EndpointFollower {
  /// What the follower tells the pool, which may object by throwing.
  enum Event {
    case genesis(String)
    case best(ChainHead)
    case finalized(ChainHead)
    /// Verified, and its heads are known.
    case up
    /// Asked again, though nothing may have changed.
    case polled
  }

  let connection: any EndpointConnection
  let options: EndpointPoolOptions
  /// The finalized block that the pool has shown last.
  let shownFinalized: @Sendable () -> ChainHead?
  let report: @Sendable (Event) throws(RPCError) -> Void

  /// Runs until the connection ends, is half-dead, or contradicts the pool; throws why.
  func run() async throws {
    do {
      try report(.genesis(try await string("chain_getBlockHash", [0])))
      try await pollHeads()
      try report(.up)
      try await followHeads()
    } catch {
      await connection.close()
      throw error
    }
  }

  private func followHeads() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { throw await connection.waitUntilClosed() }
      if connection.hasSubscriptions {
        group.addTask {
          try await follow("chain_subscribeNewHeads", "chain_unsubscribeNewHeads", options.headDeadline) {
            .best($0)
          }
        }
        group.addTask {
          try await follow(
            "chain_subscribeFinalizedHeads", "chain_unsubscribeFinalizedHeads", options.finalityDeadline
          ) { .finalized($0) }
        }
      } else {
        group.addTask { try await poll() }
      }
      defer { group.cancelAll() }
      do {
        try await group.next()
      } catch {
        // The child that waits for the end of the connection returns only now.
        await connection.close()
        throw error
      }
    }
  }

  private func follow(
    _ method: String, _ unsubscribe: String, _ deadline: Duration, _ event: (ChainHead) -> Event
  ) async throws {
    let headers: RPCSubscription
    do {
      headers = try await connection.subscribe(method, [], unsubscribe: unsubscribe, itemDeadline: deadline)
    } catch let error as RPCError where error.server?.code == RPCServerError.methodNotFound {
      // Some gateways offer WebSockets without subscriptions.
      return try await poll()
    }
    for try await header in headers {
      if let head = try await head(of: header) { try report(event(head)) }
    }
    throw RPCError(.subscriptionEnded, "the subscription of heads ended")
  }

  private func poll() async throws {
    while true {
      try await Task.sleep(for: options.pollInterval)
      try await pollHeads()
      try report(.polled)
    }
  }

  private func pollHeads() async throws {
    async let best = string("chain_getBlockHash", [])
    async let finalized = string("chain_getFinalizedHead", [])
    for (hash, event) in [(try await finalized, Event.finalized), (try await best, Event.best)] {
      let header = try await connection.call(
        "chain_getHeader", [.string(hash)], timeout: options.attemptTimeout)
      guard let head = ChainHead(number: try number(of: header), hash: hash) else {
        throw RPCError(.malformed, "a block hash is not a hash")
      }
      if case .finalized = event(head) { try await checkAncestry(head) }
      try report(event(head))
    }
  }

  /// An endpoint that is further must have the finalized block shown before in its chain.
  private func checkAncestry(_ head: ChainHead) async throws {
    guard let shown = shownFinalized(), shown.number < head.number else { return }
    let hash = try await string("chain_getBlockHash", [JSONValue(shown.number)])
    guard hash.lowercased() == shown.hash else {
      throw RPCError(
        .finalityConflict, "block \(shown.number) was finalized as \(shown.hash), and here it is \(hash)")
    }
  }

  /// The head that a header describes; nil when a reorganisation has already replaced it.
  private func head(of header: JSONValue) async throws -> ChainHead? {
    let number = try number(of: header)
    let hash = try await connection.call(
      "chain_getBlockHash", [JSONValue(number)], timeout: options.attemptTimeout)
    return hash.stringValue.flatMap { ChainHead(number: number, hash: $0) }
  }

  private func number(of header: JSONValue) throws(RPCError) -> UInt64 {
    guard let number = header["number"]?.hexNumber.flatMap(UInt64.init(exactly:)) else {
      throw RPCError(.malformed, "a block header has no number")
    }
    return number
  }

  private func string(_ method: String, _ params: [JSONValue]) async throws -> String {
    try await connection.call(method, params, timeout: options.attemptTimeout)
      .required(\.stringValue, "the result of \(method)")
  }
}
