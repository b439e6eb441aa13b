/// The items of one subscription.
///
/// It never ends in silence: iteration throws an ``RPCError`` when the connection dies, the node ends the
/// subscription, no item comes within the item deadline, or the reader falls so far behind that the
/// bounded buffer is full. Items received before are delivered first. Cancelling the reading task, or
/// letting go of the subscription, unsubscribes. One task reads it.
public struct RPCSubscription: AsyncSequence, Sendable {
  public typealias Element = JSONValue

  /// Items that may wait for the reader.
  public static let defaultBufferLimit = 256

  private let stream: AsyncThrowingStream<JSONValue, any Error>

  /// A subscription and the source that feeds it.
  ///
  /// - Parameter onEnd: runs once, when the reader is gone or the source has finished; unsubscribe here.
  public static func make(
    bufferLimit: Int = defaultBufferLimit, onEnd: @escaping @Sendable () -> Void
  ) -> (RPCSubscription, Source) {
    let (stream, continuation) = AsyncThrowingStream<JSONValue, any Error>.makeStream(
      bufferingPolicy: .bufferingOldest(bufferLimit))
    continuation.onTermination = { _ in onEnd() }
    return (RPCSubscription(stream: stream), Source(continuation: continuation))
  }

  public func makeAsyncIterator() -> AsyncThrowingStream<JSONValue, any Error>.Iterator {
    stream.makeAsyncIterator()
  }

  /// The feeding end.
  public struct Source: Sendable {
    let continuation: AsyncThrowingStream<JSONValue, any Error>.Continuation

    /// Delivers one item. False when the subscription is over, which it is after an overflow.
    @discardableResult
    public func yield(_ item: JSONValue) -> Bool {
      switch continuation.yield(item) {
      case .enqueued: return true
      case .dropped:
        finish(RPCError(.subscriptionOverflow, "items of a subscription came faster than they were read"))
        return false
      case .terminated: return false
      @unknown default: return false
      }
    }

    /// Ends the subscription with its reason.
    public func finish(_ error: RPCError) {
      continuation.finish(throwing: error)
    }
  }
}
