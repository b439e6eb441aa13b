/// Tensors for callers that take what they get: they end at any error, which goes to the log with the peer. The call is
/// made when the first is asked for.
public struct QuietTensors: AsyncSequence, Sendable {
  public typealias Element = Tensor
  public typealias Failure = Never

  let open: @Sendable () async throws -> InferenceTensors
  let note: @Sendable (any Error) -> Void

  public func makeAsyncIterator() -> Iterator { Iterator(open: open, note: note) }

  public struct Iterator: AsyncIteratorProtocol {
    private let open: @Sendable () async throws -> InferenceTensors
    private let note: @Sendable (any Error) -> Void
    private var tensors: InferenceTensors.Iterator?
    private var hasEnded = false

    init(
      open: @escaping @Sendable () async throws -> InferenceTensors, note: @escaping @Sendable (any Error) -> Void
    ) {
      self.open = open
      self.note = note
    }

    public mutating func next(isolation: isolated (any Actor)?) async -> Tensor? {
      guard !hasEnded else { return nil }
      do {
        var tensors: InferenceTensors.Iterator
        if let opened = self.tensors { tensors = opened } else { tensors = try await open().makeAsyncIterator() }
        let tensor = try await tensors.next(isolation: isolation)
        self.tensors = tensors
        if let tensor { return tensor }
      } catch {
        note(error)
      }
      hasEnded = true
      tensors = nil
      return nil
    }
  }
}
