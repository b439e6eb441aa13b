/// What became of one probe of one hoster. Source: spec/epoch.md §5.
public enum Verdict: String, Sendable, Hashable, CaseIterable, Codable {
  /// The answer agrees with the reference, and with the hoster's commit if there is one.
  case accepted
  /// It was answered, authenticated, and differs; or the reveal does not open the commit.
  case rejected
  /// The hoster answered with an error.
  case refused
  /// Unreachable, or no answer before the deadline, after all attempts.
  case absent
  /// The stream ended early, or a message was malformed.
  case crashed
  /// This validator could not judge.
  case inconclusive

  /// Whether the probe counts: whoever could not judge holds it against nobody.
  public var isConclusive: Bool { self != .inconclusive }
}
