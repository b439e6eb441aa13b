/// What a subscription that survives its endpoint gives its reader.
public enum SubscriptionEvent: Sendable, Hashable {
  case item(JSONValue)
  /// The endpoint failed, or the reader was too slow. What comes until ``resumed`` is missed.
  case interrupted(RPCError)
  /// Subscribed again, maybe elsewhere. Read what was missed from the chain.
  case resumed
}

/// A subscription that is made again on another endpoint when its own fails, with the gap made visible.
///
/// Iteration throws only what repeating can't mend, for example a method that no node offers, and ends
/// when the reading task is cancelled or the pool is shut down.
public struct ResilientSubscription: AsyncSequence, Sendable {
  public typealias Element = SubscriptionEvent

  let pool: EndpointPool
  let method: String
  let params: [JSONValue]
  let unsubscribe: String
  let itemDeadline: Duration?

  public func makeAsyncIterator() -> Iterator {
    Iterator(subscription: self)
  }

  public struct Iterator: AsyncIteratorProtocol {
    let subscription: ResilientSubscription
    private var items: RPCSubscription.AsyncIterator?
    private var failures = 0

    init(subscription: ResilientSubscription) {
      self.subscription = subscription
    }

    public mutating func next() async throws -> SubscriptionEvent? {
      while !Task.isCancelled {
        do {
          if items == nil, try await open() { return .resumed }
          if let item = try await items?.next() {
            failures = 0
            return .item(item)
          }
          return nil
        } catch {
          let error = RPCError.transport(error)
          if error.kind == .cancelled { return nil }
          let isFirst = items != nil || failures == 0
          items = nil
          failures += 1
          if error.failureClass == .permanent { throw error }
          // One notice for each gap, however many attempts it takes to end it.
          if isFirst { return .interrupted(error) }
        }
      }
      return nil
    }

    /// Subscribes. True when it ends a gap.
    private mutating func open() async throws -> Bool {
      let pool = subscription.pool
      if failures > 0 {
        var generator = SystemRandomNumberGenerator()
        let pause = pool.options.backOff.pause(failures: failures, using: &generator)
        try await Task.sleep(for: pause)
      }
      items = try await pool.subscribe(
        subscription.method, subscription.params, unsubscribe: subscription.unsubscribe,
        itemDeadline: subscription.itemDeadline
      ).makeAsyncIterator()
      return failures > 0
    }
  }
}

extension EndpointPool {
  /// A subscription that moves to another endpoint when its own fails. It subscribes when it is first read.
  ///
  /// - Throws: ``RPCError/Code/unsupported`` for a method that must not be repeated, such as
  ///   `author_submitAndWatchExtrinsic`.
  public func resilientSubscription(
    _ method: String, _ params: [JSONValue] = [], unsubscribe: String, itemDeadline: Duration? = nil
  ) throws(RPCError) -> ResilientSubscription {
    guard RPCMethod.isRepeatable(method) else {
      throw RPCError(.unsupported, "\(method) is not repeated by itself; subscribe and follow the chain")
    }
    return ResilientSubscription(
      pool: self, method: method, params: params, unsubscribe: unsubscribe, itemDeadline: itemDeadline)
  }
}
