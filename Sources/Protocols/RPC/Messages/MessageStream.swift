public import SwiftProtobuf

/// Messages as a peer sends them, each verified before it is seen. For one reader.
///
/// It reads no further than the reader asks, so that a slow reader slows the sender. A caller that lets go of its
/// responses before their end takes the call back.
public struct MessageStream<Content: Message>: AsyncSequence, Sendable {
  public typealias Element = Content
  public typealias Failure = any Error

  let inlet: MessageInlet<Content>

  public func makeAsyncIterator() -> Iterator { Iterator(inlet: inlet) }

  /// The next message, for readers that don't loop; nil at the end. Throws as ``Iterator/next(isolation:)``.
  public func next(isolation: isolated (any Actor)? = #isolation) async throws -> Content? {
    try await inlet.next(isolation: isolation)
  }

  public struct Iterator: AsyncIteratorProtocol {
    let inlet: MessageInlet<Content>

    /// - Throws: ``CallError``, ``Refusal``, errors of the stream below such as `stream.reset`, `CancellationError`.
    ///   An abort never looks like an end. Handlers let pass what it throws: the caller is then told what it may know.
    public mutating func next(isolation: isolated (any Actor)?) async throws -> Content? {
      try await inlet.next(isolation: isolation)
    }
  }
}
