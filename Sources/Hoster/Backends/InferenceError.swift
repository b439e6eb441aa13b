/// Why a request for inference is refused, or ends without an answer.
public struct InferenceError: HosterError, Equatable {
  /// The kinds of failure; the raw value is the stable code.
  public enum Code: String, Sendable {
    case noPrompt = "inference.no-prompt"
    case unknownToken = "inference.unknown-token"
    case tooLong = "inference.too-long"
    case tokenCount = "inference.token-count"
    /// As many requests wait as are kept.
    case queueFull = "inference.queue-full"
    /// The peer has as many requests as one peer may have.
    case peerQueueFull = "inference.peer-queue-full"
    case stopped = "inference.stopped"
    /// The model computed something that is no number.
    case notFinite = "inference.not-finite"
    /// The model server failed, broke off, or sent what is no answer.
    case upstream = "inference.upstream"
    case upstreamTimeout = "inference.upstream-timeout"
    case noTokenIDs = "inference.no-token-ids"
    /// The node serves no model.
    case noModel = "inference.no-model"
    /// No worker is up.
    case noWorker = "inference.no-worker"
    /// The worker that computed the answer ended, failed, or sent what is no answer.
    case worker = "inference.worker"
    /// The worker has brought nothing for too long.
    case stalled = "inference.stalled"
  }

  /// Which failure it is.
  public let kind: Code
  public let message: String

  init(_ kind: Code, _ message: String) {
    self.kind = kind
    self.message = message
  }

  public var code: String { kind.rawValue }

  public var remedy: String {
    switch kind {
    case .noPrompt, .unknownToken: "Send token ids of this model's vocabulary"
    case .tooLong, .tokenCount: "Send a shorter prompt, or ask for fewer tokens"
    case .queueFull, .peerQueueFull: "Ask again later"
    case .stopped: "Ask again when the node is up, or ask another"
    case .notFinite: "The model is broken; check its weights"
    case .upstream, .upstreamTimeout: "See the log of the model server"
    case .noTokenIDs:
      "Use a model server that sends token ids, such as vLLM or llama.cpp, or give hoster.completions-tokenizer the "
        + "model's tokenizer.json"
    case .noModel: "Ask a hoster"
    case .noWorker, .worker, .stalled: "Ask again; if it stays so, see the log of the node that serves the model"
    }
  }

  /// Whether another request of the same caller would succeed.
  var isCallersFault: Bool {
    switch kind {
    case .noPrompt, .unknownToken, .tooLong, .tokenCount: true
    default: false
    }
  }

  /// What a peer reads: its own faults and the node's load in full, of everything inside the node only the code.
  var callersText: String {
    switch kind {
    case .noPrompt, .unknownToken, .tooLong, .tokenCount, .queueFull, .peerQueueFull, .stopped, .noModel:
      "\(message) [\(code)]"
    case .notFinite, .upstream, .upstreamTimeout, .noTokenIDs, .noWorker, .worker, .stalled:
      "this node can't answer now [\(code)]"
    }
  }
}
