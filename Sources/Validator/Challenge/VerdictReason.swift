/// Why a probe got its ``Verdict``. The raw values are what `validatord scores --why` prints; docs/scoring.md explains
/// each.
public enum VerdictReason: String, Sendable, Hashable, CaseIterable, Codable {
  /// Answered, and authenticated from the first message to the last.
  case answered
  /// Agrees with the reference.
  case agrees
  /// Differs from the reference.
  case differs
  /// Has another shape or type than the reference.
  case shape
  /// Holds numbers that are not finite, or beyond the range of the fixed-point format.
  case notFinite = "not-finite"
  /// One of the messages had a bad signature.
  case signature
  /// The reveal does not open the commit.
  case reveal
  /// The answer is not the one that was committed to.
  case commit
  /// More bytes or tokens than were asked for.
  case excess
  /// The hoster sent an error.
  case error
  /// The hoster let nobody in, or not this validator.
  case denied
  /// The peer could not be reached.
  case unreachable
  /// Nothing, or not all of it, came before the deadline.
  case deadline
  /// The stream ended before the answer did.
  case ended
  /// A message could not be read.
  case malformed
  /// This validator had no tensor or no reference.
  case noReference = "no-reference"
  /// This validator failed: it was stopped, overloaded or cut off.
  case ownFault = "own-fault"
  /// The answer was too long to be kept, so its numbers are not known any more.
  case notKept = "not-kept"
  /// What most validators revealed.
  case majority
  /// The validators' reveals have no majority.
  case divided

  /// The verdicts that may have this reason.
  public var verdicts: Set<Verdict> {
    switch self {
    case .answered, .agrees: [.accepted]
    case .differs, .shape, .notFinite, .signature, .reveal, .commit, .excess: [.rejected]
    case .error, .denied: [.refused]
    case .unreachable, .deadline: [.absent]
    case .ended, .malformed: [.crashed]
    case .noReference, .ownFault, .notKept: [.inconclusive]
    case .majority: Set(Verdict.allCases)
    case .divided: [.inconclusive]
    }
  }
}
