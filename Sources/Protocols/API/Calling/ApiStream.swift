public import NIOCore

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
