/// A tick whenever the chain may have moved: when an endpoint announces a head, and now and then all the same.
///
/// A subscription that ends or falls silent is opened again; meanwhile the ticks go on by the clock.
struct HeadTicks: Sendable {
  let ticks: AsyncStream<Void>
  private let continuation: AsyncStream<Void>.Continuation
  private let rpc: any RPCClient

  init(_ rpc: any RPCClient) {
    self.rpc = rpc
    (ticks, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// Runs until cancelled.
  func run() async throws {
    defer { continuation.finish() }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        while !Task.isCancelled {
          continuation.yield()
          try await Task.sleep(for: ChainClient.pollInterval)
        }
      }
      group.addTask {
        if let follower = rpc as? any HeadFollower {
          // A subscription of its own could tell of a head before the follower has it, and nobody would look again.
          for await _ in follower.headEvents() { continuation.yield() }
          return
        }
        while !Task.isCancelled {
          do {
            let heads = try await rpc.subscribe(
              "chain_subscribeNewHeads", [], unsubscribe: "chain_unsubscribeNewHeads",
              itemDeadline: .seconds(30))
            for try await _ in heads { continuation.yield() }
          } catch let error as RPCError where error.kind == .unsupported {
            return  // HTTP: the clock alone must do.
          } catch is RPCError {}
          try await Task.sleep(for: ChainClient.pollInterval)
        }
      }
      try await group.waitForAll()
    }
  }
}
