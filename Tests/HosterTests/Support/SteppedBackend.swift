import Synchronization

@testable import Hoster

/// A backend that computes a token when the test says so: what real models can't do is to stand still.
///
/// The first token of a prompt names the request.
final class SteppedBackend: InferenceBackend {
  struct Failure: Error, Equatable {}

  /// What happened inside, in order.
  enum Event: Equatable {
    case began(Int32)
    /// A request asks for its next token, which the test is to give.
    case asked(Int32)
    case released(Int32)
  }

  let events: AsyncStream<Event>
  private let happened: AsyncStream<Event>.Continuation
  private let steps = Mutex<[Int32: AsyncThrowingStream<Int32, any Error>.Continuation]>([:])

  init() { (events, happened) = AsyncStream.makeStream() }

  func describe() -> ModelDescription {
    ModelDescription(name: "stepped", hash: nil, vocabularySize: 100, contextLength: 100, type: .f32)
  }

  func tokens(for request: InferenceRequest) async throws -> TokenStream {
    let name = request.prompt[0]
    let (stream, continuation) = AsyncThrowingStream<Int32, any Error>.makeStream()
    steps.withLock { $0[name] = continuation }
    let source = Source(stream, name, happened)
    happened.yield(.began(name))
    return TokenStream { try await source.next() }
  }

  /// Gives a request its next token.
  func give(_ token: Int32, to name: Int32) { steps.withLock { $0[name] }?.yield(token) }

  func fail(_ name: Int32, with error: any Error = Failure()) {
    steps.withLock { $0[name] }?.finish(throwing: error)
  }

  /// Says that what has happened is all.
  func finishEvents() { happened.finish() }

  func end(_ name: Int32) { steps.withLock { $0[name] }?.finish() }

  private final class Source: Sendable {
    private let stream: AsyncThrowingStream<Int32, any Error>
    private let name: Int32
    private let happened: AsyncStream<Event>.Continuation

    init(
      _ stream: AsyncThrowingStream<Int32, any Error>, _ name: Int32, _ happened: AsyncStream<Event>.Continuation
    ) {
      self.stream = stream
      self.name = name
      self.happened = happened
    }

    deinit { happened.yield(.released(name)) }

    func next() async throws -> Int32? {
      happened.yield(.asked(name))
      var iterator = stream.makeAsyncIterator()
      return try await iterator.next()
    }
  }
}
