public import NIOCore

/// The body of an answer: a sequence of pieces, to be read once. The peer waits while a piece is worked on.
///
/// Leaving before the end aborts the call.
public struct ApiResponseBody: AsyncSequence, Sendable {
  public typealias Element = ByteBuffer

  let source: ResponseSource

  /// Whether the body has a size at which published nodes are known to cut answers without a sign; known once it was
  /// read to the end (subnet-wire.md §4.3).
  public var isSuspect: Bool { source.isSuspect }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(source: source) }

  /// The pieces of a body, one after the other.
  public struct AsyncIterator: AsyncIteratorProtocol {
    let source: ResponseSource

    /// - Throws: ``ApiError``, ``StreamError``, `CancellationError`.
    public func next() async throws -> ByteBuffer? { try await source.next() }
  }

  /// Reads to the end.
  public func whole() async throws -> ByteBuffer {
    var whole = ByteBuffer()
    for try await piece in self { whole.writeImmutableBuffer(piece) }
    return whole
  }
}
