extension Stub where Protocol: InferenceProcedures {
  /// How many tokens a caller asks for unless it says otherwise; published callers always ask for as many.
  public static var defaultNewTokens: Int32 { 5 }

  /// What the peer says of itself; nil if it says nothing.
  public func callInfo(timeout: Duration? = nil) async -> NodeInformation? {
    await UnaryCall(rpc: Protocol.rpcInfo, caller: caller).quietly(Empty(), timeout: timeout)
      .flatMap { try? NodeInformation($0) }
  }

  /// Has the peer continue a prompt, and gives every tensor of every response as it comes. They end at any error,
  /// which goes to the log.
  ///
  /// - Parameters:
  ///   - prompt: text that goes with the tensor; the built-in models look at the tensor alone.
  ///   - tensor: the prompt's token ids, `[1, n]`.
  ///   - maximumNewTokens: how many tokens to append; a node appends no more than its own maximum.
  ///   - deadline: when the responses have to be over.
  public func callInferenceStream(
    prompt: String = "", tensor: Tensor, maximumNewTokens: Int32 = Self.defaultNewTokens,
    deadline: ContinuousClock.Instant? = nil
  ) -> QuietTensors {
    QuietTensors(
      open: {
        try await inferenceStream(
          prompt: prompt, tensor: tensor, maximumNewTokens: maximumNewTokens, deadline: deadline)
      },
      note: { caller.swallow($0, of: Protocol.rpcInferenceStream, isCut: true) })
  }

  /// The same for callers that have to know how it ended, such as those that score it.
  ///
  /// - Throws: as ``ServerStreamCall/callAsFunction(_:deadline:)``; ``TensorError`` for a tensor that can't be sent.
  public func inferenceStream(
    prompt: String = "", tensor: Tensor, maximumNewTokens: Int32 = Self.defaultNewTokens,
    deadline: ContinuousClock.Instant? = nil
  ) async throws -> InferenceTensors {
    let request = InferenceRequestAuth(prompt: prompt, tensor: try tensor.message(), maximumNewTokens: maximumNewTokens)
    let call = ServerStreamCall(rpc: Protocol.rpcInferenceStream, caller: caller)
    return InferenceTensors(responses: try await call(request, deadline: deadline))
  }
}

extension InferenceRequestAuth {
  /// A request as published callers send it, before it is signed (P-68).
  init(prompt: String, tensor: PBTensor, maximumNewTokens: Int32) {
    self.init()
    input = prompt
    maxNewTokens = maximumNewTokens
    self.tensor = tensor
  }
}
