/// What computes answers: the seam between the node and a model, wherever that runs.
public protocol InferenceBackend: Sendable {
  /// What model it serves.
  ///
  /// - Throws: ``InferenceError`` if the backend is not able to serve.
  func describe() async throws -> ModelDescription

  /// The model, as far as it is known without waiting. What it can't take is refused before it waits for room.
  var knownModel: ModelDescription? { get }

  /// Begins to answer.
  ///
  /// The work ends, and what it holds is released, when the stream is let go or the task that waits for it is
  /// cancelled: before the next token at the latest.
  ///
  /// - Throws: ``InferenceError`` if the request can't be served; the stream throws it as well.
  func tokens(for request: InferenceRequest) async throws -> TokenStream
}

extension InferenceBackend {
  public var knownModel: ModelDescription? { nil }
}

/// Token ids as they are computed, at most ``InferenceRequest/maximumNewTokens``.
public typealias TokenStream = AsyncThrowingStream<Int32, any Error>
