public import SwiftProtobuf

/// Responses for callers that take what they get: they end at any error, which goes to the log. The call is made
/// when the first is asked for.
public struct QuietResponses<Response: Message>: AsyncSequence, Sendable {
  public typealias Element = Response
  public typealias Failure = Never

  let open: @Sendable () async throws -> MessageStream<Response>
  let note: @Sendable (any Error) -> Void

  public func makeAsyncIterator() -> Iterator { Iterator(open: open, note: note) }

  public struct Iterator: AsyncIteratorProtocol {
    let open: @Sendable () async throws -> MessageStream<Response>
    let note: @Sendable (any Error) -> Void
    private var responses: MessageStream<Response>?
    private var hasEnded = false

    init(
      open: @escaping @Sendable () async throws -> MessageStream<Response>,
      note: @escaping @Sendable (any Error) -> Void
    ) {
      self.open = open
      self.note = note
    }

    public mutating func next(isolation: isolated (any Actor)?) async -> Response? {
      guard !hasEnded else { return nil }
      do {
        let responses: MessageStream<Response>
        if let opened = self.responses { responses = opened } else { responses = try await open() }
        self.responses = responses
        if let response = try await responses.next(isolation: isolation) { return response }
      } catch {
        note(error)
      }
      hasEnded = true
      responses = nil
      return nil
    }
  }
}
