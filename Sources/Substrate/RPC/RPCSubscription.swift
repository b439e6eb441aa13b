import Synchronization

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
  /// Bytes of JSON text of the items that may wait for the reader.
  public static let defaultBufferBytes = 8 << 20

  typealias Stream = AsyncThrowingStream<(item: JSONValue, size: Int), any Error>

  private let stream: Stream
  private let backlog: Backlog

  /// A subscription and the source that feeds it.
  ///
  /// - Parameter onEnd: runs once, when the reader is gone or the source has finished; unsubscribe here.
  public static func make(
    bufferLimit: Int = defaultBufferLimit, bufferBytes: Int = defaultBufferBytes,
    onEnd: @escaping @Sendable () -> Void
  ) -> (RPCSubscription, Source) {
    let (stream, continuation) = Stream.makeStream(bufferingPolicy: .bufferingOldest(bufferLimit))
    continuation.onTermination = { _ in onEnd() }
    let backlog = Backlog(limit: bufferBytes)
    return (
      RPCSubscription(stream: stream, backlog: backlog), Source(continuation: continuation, backlog: backlog)
    )
  }

  public func makeAsyncIterator() -> Iterator {
    Iterator(items: stream.makeAsyncIterator(), backlog: backlog)
  }

  public struct Iterator: AsyncIteratorProtocol {
    fileprivate var items: Stream.Iterator
    fileprivate let backlog: Backlog

    public mutating func next() async throws -> JSONValue? {
      guard let (item, size) = try await items.next() else { return nil }
      backlog.remove(size)
      return item
    }
  }

  /// The feeding end.
  public struct Source: Sendable {
    fileprivate let continuation: Stream.Continuation
    fileprivate let backlog: Backlog

    /// Delivers one item. False when the subscription is over, which it is after an overflow.
    ///
    /// - Parameter size: the bytes of JSON text that the item came in; 0 for items made in this process.
    @discardableResult
    public func yield(_ item: JSONValue, size: Int = 0) -> Bool {
      guard backlog.add(size) else { return overflow() }
      return switch continuation.yield((item, size)) {
      case .enqueued: true
      case .dropped: overflow()
      case .terminated: false
      @unknown default: false
      }
    }

    /// Ends the subscription with its reason.
    public func finish(_ error: RPCError) {
      continuation.finish(throwing: error)
    }

    private func overflow() -> Bool {
      finish(RPCError(.subscriptionOverflow, "items of a subscription came faster than they were read"))
      return false
    }
  }

  /// The bytes that wait for the reader.
  fileprivate final class Backlog: Sendable {
    private let limit: Int
    private let bytes = Atomic(0)

    init(limit: Int) {
      self.limit = limit
    }

    func add(_ size: Int) -> Bool {
      bytes.add(size, ordering: .relaxed).newValue <= limit
    }

    func remove(_ size: Int) {
      bytes.subtract(size, ordering: .relaxed)
    }
  }
}
