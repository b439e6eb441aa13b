public import Protocols

/// Asks hosters through the stubs of the inference protocol, so every call passes the gate and every message is verified.
public struct StubProbeCaller: ProbeCaller {
  /// The most bytes of one answer: those that are kept, for what is not kept can't be scored by its numbers.
  public static let maximumBytes = StoreOptions().answerBytes
  /// The most numbers of an answer that is no token ids, unless the subnet wants others.
  public static let standardElements = 16_384

  private let maximumElements: Int
  private let stub: @Sendable (_ peerID: String) async throws -> Stub<InferenceProtocol>

  /// - Parameters:
  ///   - maximumElements: the most numbers of an answer that is no token ids.
  ///   - stub: a peer's procedures, by the peer id's text; throws if the text is no peer id.
  public init(
    maximumElements: Int = Self.standardElements,
    _ stub: @escaping @Sendable (_ peerID: String) async throws -> Stub<InferenceProtocol>
  ) {
    self.maximumElements = maximumElements
    self.stub = stub
  }

  public func ask(
    _ peerID: String, _ probe: Tensor, maximumNewTokens: Int32, deadline: ContinuousClock.Instant
  ) async throws -> ProbeReply {
    let start = ContinuousClock.now
    var reply = ProbeReply()
    var bytes = 0
    do {
      let tensors = try await stub(peerID).inferenceStream(
        tensor: probe, maximumNewTokens: maximumNewTokens, deadline: deadline)
      for try await tensor in tensors {
        if reply.firstMessage == nil { reply.firstMessage = ContinuousClock.now - start }
        // One without elements would count for nothing below, however many came.
        guard tensor.count > 0 else {
          reply.failure = ProbeFailure(.crashed, .malformed, "an empty tensor")
          break
        }
        reply.tensors.append(tensor)
        reply.tokenCount += tensor.count
        bytes += tensor.bytes.count
        // Leaving the loop takes the call back, so an endless answer ends here.
        let mostElements = tensor.type.isInteger ? Int(maximumNewTokens) : maximumElements
        let isTooMuch =
          reply.tokenCount > mostElements || reply.tensors.count > Int(maximumNewTokens) || bytes > Self.maximumBytes
        if isTooMuch {
          reply.failure = ProbeFailure(
            .rejected, .excess, "\(reply.tokenCount) elements in \(reply.tensors.count) tensors, \(bytes) bytes")
          break
        }
      }
      if reply.tensors.isEmpty, reply.failure == nil {
        // A peer of the published stack that refuses a call ends it without a message (mesh-wire.md §3.8).
        reply.failure = ProbeFailure(.refused, .denied, "the call ended without an answer")
      }
    } catch {
      if error is CancellationError || Task.isCancelled { throw CancellationError() }
      reply.failure = ProbeFailure(error, hasBegun: !reply.tensors.isEmpty)
    }
    reply.total = ContinuousClock.now - start
    return reply
  }

  public func role(of peerID: String, timeout: Duration) async -> NodeRole? {
    try? await stub(peerID).callInfo(timeout: timeout)?.role
  }
}

extension DataType {
  /// Whether elements of the type can be token ids.
  fileprivate var isInteger: Bool {
    switch self {
    case .int8, .int16, .int32, .int64, .uint8: true
    case .float16, .bfloat16, .float32, .float64, .bool, .complex64, .complex128: false
    }
  }
}
