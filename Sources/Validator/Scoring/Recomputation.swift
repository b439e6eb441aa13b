/// Whether stored scores follow from the stored evidence.
public struct Recomputation: Sendable, Hashable {
  public let epoch: UInt32
  public let stored: StoredScores
  /// What the evidence gives now.
  public let evidenceDigest: Digest32
  public let sheet: ScoreSheet

  /// Whether all is the same, down to the reason of each verdict.
  public var isIdentical: Bool {
    stored.sheet == sheet && stored.evidenceDigest == evidenceDigest && stored.scoresDigest == sheet.digest
  }

  /// The nodes whose scores differ.
  public var differences: [UInt32] {
    let (old, new) = (Self.byNode(stored.sheet), Self.byNode(sheet))
    return Set(old.keys).union(new.keys).filter { old[$0] != new[$0] }.sorted()
  }

  private static func byNode(_ sheet: ScoreSheet) -> [UInt32: NodeScore] {
    Dictionary(sheet.scores.map { ($0.subnetNodeID, $0) }) { first, _ in first }
  }
}

extension Store {
  /// Makes the scores of an epoch again, from the evidence alone, as the stored ones say that they were made.
  ///
  /// - Returns: nil for an epoch without scores.
  /// - Throws: ``ScoringError`` `scoring.no-evidence` or `scoring.unknown-policy`; ``StoreError``.
  public func recompute(
    _ epoch: UInt32, policies: ScoringPolicies = ScoringPolicies()
  ) async throws -> Recomputation? {
    guard let stored = try await scores(epoch) else { return nil }
    let policy = try policies.make(stored.policy, version: stored.policyVersion, parameters: stored.parameters)
    let evidence = try await source(stored.agreement).evidence(for: epoch)
    return Recomputation(
      epoch: epoch, stored: stored, evidenceDigest: evidence.digest, sheet: policy.score(evidence))
  }

  private func source(_ name: String) async throws -> any AgreementSource {
    switch name {
    case OwnView.name: return OwnView(self)
    case RevealedVerdicts.name:
      guard let identity = try await identity() else { break }
      return RevealedVerdicts(self, identity: identity)
    default: break
    }
    throw ScoringError(
      .unknownPolicy, "there is no evidence by the name \(name.boundedDetail)",
      remedy: "Take the release that made the scores.")
  }
}
