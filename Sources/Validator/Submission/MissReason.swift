/// Why a duty was not done. Closed: metrics, `validatord scores` and docs/store.md name them.
public enum MissReason: String, Sendable, Hashable, CaseIterable, Codable {
  /// Another node was elected.
  case notElected = "not-elected"
  /// There were no scores to propose or to compare with.
  case noScores = "no-scores"
  /// The elected node proposed nothing.
  case noProposal = "no-proposal"
  /// The proposal's scores are not the own ones.
  case differsFromProposal = "differs-from-proposal"
  /// The proposal repeats nodes, names foreign ones or leaves some out.
  case faultyProposal = "faulty-proposal"
  /// The proposal moves nodes of the queue, which the policy does not support.
  case queueOptions = "queue-options"
  /// So few blocks were left that doing it would have done harm.
  case tooLate = "too-late"
  /// No endpoint could be reached, or none was up to date.
  case chainUnreachable = "chain-unreachable"
  /// The database could not be read or written, and nothing is signed that can't be kept.
  case storeFailed = "store-failed"
  /// The trial run ended with an error of the runtime; the particulars name it.
  case wouldFail = "would-fail"
  /// The protection knows another signature, or a bound at or above the epoch.
  case protected
  /// Signing is on hold: after a restore, or because another signer was seen.
  case onHold = "on-hold"
  /// The node is not in the submission's list of validators.
  case notInValidatorList = "not-in-validator-list"
  /// The chain shows it done, by this key.
  case alreadyDone = "already-done"
  /// The whole network is paused, and takes no calls. A subnet that its owner paused goes on judging, and is no reason.
  case paused
  /// The account can't pay the fee and keep the existential deposit.
  case lowBalance = "low-balance"
  /// The runtime has a call of a shape that this build does not know.
  case unknownRuntime = "unknown-runtime"
  /// The daemon was not running in the duty's window.
  case notRunning = "not-running"
}
