/// The tensors of all responses of an inference call, in order. For one reader.
public struct InferenceTensors: AsyncSequence, Sendable {
  public typealias Element = Tensor
  public typealias Failure = any Error

  /// The most bytes that a tensor of an answer may have once it is decompressed.
  public static let maximumByteCount = 16 << 20

  let responses: MessageStream<InferenceResponseAuth>

  public func makeAsyncIterator() -> Iterator { Iterator(responses: responses.makeAsyncIterator()) }

  public struct Iterator: AsyncIteratorProtocol {
    private var responses: MessageStream<InferenceResponseAuth>.Iterator
    private var tensors: ArraySlice<PBTensor> = []

    init(responses: MessageStream<InferenceResponseAuth>.Iterator) { self.responses = responses }

    /// - Throws: ``TensorError`` for what is no tensor, and what ``MessageStream`` throws.
    public mutating func next(isolation: isolated (any Actor)?) async throws -> Tensor? {
      while tensors.isEmpty {
        guard let response = try await responses.next(isolation: isolation) else { return nil }
        tensors = response.tensors[...]
      }
      guard let tensor = tensors.popFirst() else { return nil }
      return try Tensor(tensor, limit: InferenceTensors.maximumByteCount)
    }
  }
}
