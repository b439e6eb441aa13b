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

/// A call that begins when its answer is read.
public struct ApiStream: AsyncSequence, Sendable {
  public typealias Element = ByteBuffer

  let call: @Sendable () async throws -> ApiResponseBody

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(call: call) }

  /// The pieces of the answer, one after the other.
  public struct AsyncIterator: AsyncIteratorProtocol {
    let call: @Sendable () async throws -> ApiResponseBody
    private var body: ApiResponseBody.AsyncIterator?

    init(call: @escaping @Sendable () async throws -> ApiResponseBody) { self.call = call }

    /// - Throws: what ``ApiProtocol/callRemote(_:_:method:headers:body:options:)`` throws.
    public mutating func next() async throws -> ByteBuffer? {
      if let body { return try await body.next() }
      let body = try await call().makeAsyncIterator()
      self.body = body
      return try await body.next()
    }
  }
}
