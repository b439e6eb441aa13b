/// The built-in model as a backend. It computes on a thread of its own; requests take turns on it, token by token, as
/// ``ComputeThread`` gives them out.
public final class GPT2Backend: InferenceBackend {
  private let model: GPT2
  private let description: ModelDescription
  private let threads: Int
  private let thread = ComputeThread(label: "validatord.gpt2")

  /// - Parameter threads: how many compute one token; they don't change the answers.
  public init(_ model: GPT2, threads: Int = 1) {
    self.model = model
    self.threads = max(1, threads)
    description = model.description
  }

  public func describe() async -> ModelDescription { description }
  public var knownModel: ModelDescription? { description }

  public func tokens(for request: InferenceRequest) async throws -> TokenStream {
    try request.check(against: description)
    let continuation = GPT2Continuation(request, of: model, threads: threads, on: thread.seat(for: request.asker))
    return AsyncThrowingStream {
      // Each step is a job of its own on the thread, which other requests' steps come between.
      while !Task.isCancelled {
        switch try await continuation.step() {
        case .prompt: continue
        case .token(let token): return token
        case .end: return nil
        }
      }
      return nil
    }
  }
}

/// One request on the backend's thread. What it holds is released with the stream that asks it.
private actor GPT2Continuation {
  /// What one turn on the thread brought.
  enum Step {
    /// A part of the prompt was read; more of it is left.
    case prompt
    case token(Int32)
    case end
  }

  private let seat: ComputeThread.Seat
  /// Made on the thread: to clear its memory takes a while.
  private lazy var decoder = makeDecoder()
  private let makeDecoder: @Sendable () -> GPT2Decoder
  /// What the decoder has to take before the next token is known.
  private var pending: ArraySlice<Int32>
  private var left: Int

  init(_ request: InferenceRequest, of model: GPT2, threads: Int, on seat: ComputeThread.Seat) {
    self.seat = seat
    let capacity = request.prompt.count + request.maximumNewTokens - 1
    makeDecoder = { GPT2Decoder(model, capacity: capacity, threads: threads) }
    pending = request.prompt[...]
    left = request.maximumNewTokens
  }

  nonisolated var unownedExecutor: UnownedSerialExecutor { seat.asUnownedSerialExecutor() }

  func step() throws(InferenceError) -> Step {
    guard left > 0 else { return .end }
    // Whoever has gone waits for one block of the model at most, not for a whole step of a long prompt.
    let isWhole = decoder.append(pending.prefix(GPT2Decoder.maximumStep)) { !Task.isCancelled }
    guard isWhole else { return .end }
    pending = pending.dropFirst(GPT2Decoder.maximumStep)
    guard pending.isEmpty else { return .prompt }
    guard let token = decoder.bestToken else {
      throw InferenceError(.notFinite, "the model computed logits that are not finite")
    }
    left -= 1
    pending = [token]
    return .token(token)
  }
}
