extension ChainClient {
  /// Finalized blocks that are caught up with after a pause; a longer one is told as a gap.
  static let longestCatchUp: UInt64 = 64

  /// Gives `body` each block once it is finalized, in order and none twice, from the newest one on.
  ///
  /// Runs until the task is cancelled. While the chain can't be read it waits, and catches up then.
  /// - Parameter body: gets nil, before the next block, where blocks were left out.
  public func followFinalized(_ body: (BlockState?) async -> Void) async throws {
    let heads = HeadTicks(rpc)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await heads.run() }
      var next: UInt64?
      for await _ in heads.ticks {
        do {
          let newest = try await finalized()
          if let due = next, newest.number >= due + Self.longestCatchUp {
            await body(nil)
            next = newest.number
          }
          for number in stride(from: next ?? newest.number, through: newest.number, by: 1) {
            await body(number == newest.number ? newest : try await at(number: number))
            next = number + 1
          }
        } catch let error as any SubstrateError {
          logger.debug("finalized blocks can't be followed now", metadata: ["error": "\(error)"])
        }
      }
      try await group.waitForAll()
    }
  }

  /// Calls `body` whenever the heads may have moved: when an endpoint announces one, and every
  /// ``pollInterval`` all the same. Announcements that come while `body` runs are told once.
  ///
  /// Runs until the task is cancelled or `body` throws.
  public func followHeads(_ body: () async throws -> Void) async throws {
    let heads = HeadTicks(rpc)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await heads.run() }
      defer { group.cancelAll() }
      for await _ in heads.ticks { try await body() }
    }
  }
}
