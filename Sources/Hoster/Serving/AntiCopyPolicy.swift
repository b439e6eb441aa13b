public import LibP2P
public import Logging
public import Protocols
import Synchronization

/// Keeps other hosters from getting the answer that they should compute themselves (epoch.md §4).
///
/// A prompt is the consensus tensor if it has the same token ids. Their type and the dimensions around them don't
/// matter, since the model would not see them either.
public final class AntiCopyPolicy: InferencePolicy {
  /// Who gets an answer to the consensus tensor.
  public enum Mode: String, Sendable, CaseIterable {
    /// Nobody but the node itself.
    case strict
    /// Validators, once hosters have committed to their answers.
    case validatorsAfterCommit = "validators-after-commit"
    /// Validators at any time: for subnets with one hoster.
    case validatorsAlways = "validators-always"
  }

  private let mode: Mode
  private let view: any ConsensusView
  private let role: @Sendable (PeerID) async -> NodeRole?
  private let logger: Logger
  /// The last epoch whose missing tensor is in the log.
  private let reported = Mutex<UInt32?>(nil)

  /// - Parameter role: asks a peer what it is; nil if it does not say.
  public init(
    _ mode: Mode = .validatorsAfterCommit, view: any ConsensusView, logger: Logger = Logger(label: "hoster.policy"),
    role: @escaping @Sendable (PeerID) async -> NodeRole? = { _ in nil }
  ) {
    self.mode = mode
    self.view = view
    self.role = role
    self.logger = logger
  }

  public func shouldProcessInference(_ tensor: Tensor, from caller: PeerID) async -> InferenceDecision {
    guard let epoch = await view.epoch() else { return .serve }
    guard let consensus = epoch.consensusTokens else {
      report(epoch.number)
      return .refuse("the consensus tensor of epoch \(epoch.number) is not known")
    }
    // What holds no token ids can't be the consensus tensor; whether it can be computed is not asked here.
    guard (try? tensor.tokenIDs()) == consensus else { return .serve }
    guard mode != .strict else { return .refuse("it asks for the answer of epoch \(epoch.number), which nobody gets") }
    if !epoch.isCommitOver, mode != .validatorsAlways, await !view.isCommitOverSoon(in: epoch.number) {
      return .refuse("it asks for the answer of epoch \(epoch.number) too early")
    }
    if caller == epoch.elected { return .serveFirst }
    guard await view.isValidator(caller, in: epoch.number) else {
      return .refuse("it asks for the answer of epoch \(epoch.number) and is no validator")
    }
    // Hosters rise to that class, too, and their commits are not where others could see them yet: who says that it
    // serves a model has an answer of its own to give.
    guard await role(caller) != .hoster else {
      return .refuse("it asks for the answer of epoch \(epoch.number) and is a hoster itself")
    }
    return .serveFirst
  }

  private func report(_ epoch: UInt32) {
    let isNew = reported.withLock { reported in
      defer { reported = epoch }
      return reported != epoch
    }
    guard isNew else { return }
    logger.notice(
      "requests are refused until the consensus tensor is known: the epoch's first block is not final, or not seen",
      metadata: ["epoch": "\(epoch)"])
  }
}
