/// Where the evidence comes from that validators have to agree on.
///
/// Source: spec/epoch.md §2, modes of agreement.
public protocol AgreementSource: Sendable {
  /// The name in configuration and in stored scores.
  static var name: String { get }
  /// The evidence of an epoch, complete as far as this validator knows it.
  ///
  /// - Throws: ``StoreError``; ``ScoringError`` `scoring.no-evidence`.
  func evidence(for epoch: UInt32) async throws -> Evidence
}

/// Evidence that this validator saw itself.
///
/// For a subnet with one validator, and wherever honest validators see the same.
public struct OwnView: AgreementSource {
  public static let name = "own-view"
  private let store: Store

  public init(_ store: Store) { self.store = store }

  public func evidence(for epoch: UInt32) async throws -> Evidence { try await store.ownEvidence(epoch) }
}

/// Evidence folded from what the validators committed to and revealed.
public struct RevealedVerdicts: AgreementSource {
  public static let name = "commit-reveal"
  private let store: Store
  private let identity: SubnetIdentity

  public init(_ store: Store, identity: SubnetIdentity) {
    self.store = store
    self.identity = identity
  }

  public func evidence(for epoch: UInt32) async throws -> Evidence {
    try await store.read { try Store.demandEvidence($0, epoch) }
    let nodes = try await store.nodes(epoch)
    let reveals = try await store.openedReveals(epoch, role: .validator)
    let probes = try await store.probes(epoch).map(\.probe)
    let voters = Set(nodes.filter { $0.nodeClass >= .validator }.map(\.subnetNodeID))
    // A reveal that is no ballot counts as none: what one validator writes must not stop the others.
    let ballots = reveals.filter { voters.contains($0.subnetNodeID) }.compactMap { reveal in
      try? VerdictBallot(
        reveal.payload,
        expecting: Statement(
          genesisHash: identity.genesisHash, subnetID: identity.subnetID, epoch: epoch,
          subnetNodeID: reveal.subnetNodeID))
    }
    return VerdictFold(ballots).evidence(epoch: epoch, nodes: nodes, probes: probes)
  }
}
