public import Logging
import Synchronization

/// Serves requests for inference over one backend: by priority, fairly between peers, several at a time, each on its
/// own, so that a failure reaches the one who asked and nobody else (P-84).
public final class AsyncInferenceServer: Sendable {
  /// The priority of ordinary requests; lower numbers are served first.
  public static let ordinaryPriority: UInt8 = 10
  /// The priority of what validators ask for consensus.
  public static let validatorPriority: UInt8 = 0

  private struct Job {
    let request: InferenceRequest
    let answer: TokenStream.Continuation
    /// Computes it, once it runs.
    var task: Task<Void, Never>?
  }

  private struct State {
    var queue: InferenceQueue
    var jobs: [InferenceQueue.RequestID: Job] = [:]
    var isStopped = false
  }

  private let backend: any InferenceBackend
  private let limits: InferenceLimits
  private let logger: Logger
  private let metrics = InferenceMetrics()
  private let state: Mutex<State>

  /// - Parameters:
  ///   - backend: what computes.
  ///   - limits: how much it takes on.
  public init(
    _ backend: any InferenceBackend, limits: InferenceLimits = InferenceLimits(),
    logger: Logger = Logger(label: "validatord.inference")
  ) {
    self.backend = backend
    self.limits = limits
    self.logger = logger
    state = Mutex(State(queue: InferenceQueue(limits: limits)))
  }

  /// How many requests wait, and how many are computed.
  public var load: InferenceLoad {
    state.withLock { InferenceLoad(waiting: $0.queue.waiting, running: $0.queue.running) }
  }

  /// Puts a request into the queue.
  ///
  /// The stream brings each token as it is computed. When it is let go, or the task that waits for it is cancelled,
  /// the request ends before the next token is computed. A consumer that is slow holds up nobody: what it has not
  /// taken is kept, no more than it asked for.
  ///
  /// - Parameters:
  ///   - priority: lower numbers are served first.
  ///   - peer: the peer id of the one who asks, as text.
  /// - Throws: ``InferenceError``: `inference.queue-full`, `inference.peer-queue-full`, `inference.stopped`, and
  ///   `inference.too-long`, `inference.token-count`, `inference.no-prompt`, `inference.unknown-token` for what the limits
  ///   or the model don't allow. What the backend finds wrong later, the stream throws.
  public func submit(
    _ request: InferenceRequest, priority: UInt8 = ordinaryPriority, peer: String
  ) throws(InferenceError) -> TokenStream {
    let (stream, answer) = TokenStream.makeStream()
    do throws(InferenceError) {
      guard request.prompt.count <= limits.promptTokens else {
        throw InferenceError(.tooLong, "\(request.prompt.count) tokens exceed the limit of \(limits.promptTokens)")
      }
      guard (1...limits.newTokens).contains(request.maximumNewTokens) else {
        throw InferenceError(.tokenCount, "\(request.maximumNewTokens) tokens are not from 1 to \(limits.newTokens)")
      }
      if let model = backend.knownModel { try request.check(against: model) }
      let id = try state.withLock { state throws(InferenceError) in
        guard !state.isStopped else { throw Self.stopped }
        let tokens = request.prompt.count + request.maximumNewTokens
        let id = try state.queue.submit(peer: peer, priority: priority, tokens: tokens)
        var request = request
        request.asker = InferenceAsker(peer: peer, priority: priority)
        state.jobs[id] = Job(request: request, answer: answer)
        startWaiting(&state)
        return id
      }
      answer.onTermination = { [weak self] end in
        if case .cancelled = end { self?.cancel(id) }
      }
      return stream
    } catch {
      metrics.count(.refused)
      throw error
    }
  }

  /// Refuses requests from now on, lets those that wait or run come to their end for a while, ends the others with
  /// `inference.stopped`, and waits until they have ended.
  ///
  /// - Parameter patience: for how long; a cancelled task has none.
  public func stop(within patience: Duration = .zero) async {
    state.withLock { $0.isStopped = true }
    let end = ContinuousClock.now + patience
    while state.withLock({ !$0.jobs.isEmpty }), .now < end {
      guard (try? await Task.sleep(for: .milliseconds(10))) != nil else { break }
    }
    await endAll()
  }

  private func endAll() async {
    let jobs = state.withLock { state in
      let jobs = state.jobs
      for (id, job) in jobs where job.task == nil {
        _ = state.queue.withdraw(id)
        state.jobs[id] = nil
      }
      return jobs.values
    }
    for job in jobs {
      job.answer.finish(throwing: Self.stopped)
      job.task?.cancel()
    }
    for job in jobs { await job.task?.value }
  }

  private static let stopped = InferenceError(.stopped, "this node takes no requests any more")

  private func startWaiting(_ state: inout State) {
    while let id = state.queue.admit() {
      guard let job = state.jobs[id] else { continue }
      state.jobs[id]?.task = Task { await run(id, job) }
    }
    metrics.record(state.queue)
  }

  private func run(_ id: InferenceQueue.RequestID, _ job: Job) async {
    do {
      var left = job.request.maximumNewTokens
      let tokens = try await backend.tokens(for: job.request)
      for try await token in tokens where left > 0 && !Task.isCancelled {
        job.answer.yield(token)
        metrics.countToken()
        left -= 1
        // A backend that is somebody else's may not know when to end.
        if left == 0 { break }
      }
      metrics.count(Task.isCancelled ? .cancelled : .answered)
      job.answer.finish()
    } catch {
      metrics.count(Task.isCancelled ? .cancelled : .failed)
      // What a peer can bring about as often as it likes is no warning.
      if !Task.isCancelled {
        logger.log(
          level: error is InferenceError ? .debug : .warning, "inference failed", metadata: ["error": "\(error)"])
      }
      job.answer.finish(throwing: error)
    }
    state.withLock { state in
      state.jobs[id] = nil
      state.queue.finish(id)
      startWaiting(&state)
    }
  }

  /// The one who asked is gone. What runs keeps its place until it has really ended.
  private func cancel(_ id: InferenceQueue.RequestID) {
    state.withLock { state in
      state.jobs[id]?.task?.cancel()
      guard state.queue.withdraw(id) else { return }
      state.jobs[id] = nil
      metrics.count(.cancelled)
      // It may have held up what is smaller.
      startWaiting(&state)
    }
  }
}
