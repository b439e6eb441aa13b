public import LibP2P
internal import SwiftProtobuf

/// What every stub and every handler stands behind: proof of stake of the connection's peer, then an authorizer.
///
/// Stubs and handlers are made with a gate and can't be made without one; whoever wants one without proof of stake has
/// to write `insecure`.
public struct Gate: Sendable {
  private let stake: (any StakeVerifier)?
  private let authorizer: any Authorizer

  /// A gate that asks the chain for the peer's stake, whatever the authorizer does.
  public init(stake: any StakeVerifier, authorizer: any Authorizer) {
    self.stake = stake
    self.authorizer = authorizer
  }

  private init(insecure authorizer: any Authorizer) {
    stake = nil
    self.authorizer = authorizer
  }

  /// A gate without proof of stake, for tests and for tools on loopback. Without an authorizer it lets everything
  /// pass, unsigned.
  public static func insecure(_ authorizer: (any Authorizer)? = nil) -> Gate {
    Gate(insecure: authorizer ?? InsecureAuthorizer())
  }

  /// Judges a call, on both sides, before anything of it is read or sent.
  ///
  /// - Parameter minimum: the class that the remote peer's node must have reached.
  /// - Throws: ``Refusal``.
  public func admit(
    _ call: P2PContext, atLeast minimum: NodeClass = .registered
  ) async throws(Refusal) -> any CallAuthorization {
    try await requireStake(of: call.remoteID, atLeast: minimum)
    return try await authorize(call)
  }

  /// Judges a call to a peer whose stake was just asked for.
  ///
  /// - Throws: ``Refusal``.
  func authorize(_ call: P2PContext) async throws(Refusal) -> any CallAuthorization {
    try await authorizer.authorize(call)
  }

  /// - Throws: ``Refusal`` `auth.not-staked` or `auth.stake-unknown`.
  public func requireStake(of peer: PeerID, atLeast minimum: NodeClass = .registered) async throws(Refusal) {
    try await stake?.require(peer, atLeast: minimum)
  }

  /// Returns never but by throwing: when the chain says that the peer has lost the class, or that its task is cancelled.
  /// Not knowing is a reason only where something of the peer's has just gone.
  ///
  /// - Throws: ``Refusal`` as ``requireStake(of:atLeast:)``, `CancellationError`.
  func watchStake(of peer: PeerID, atLeast minimum: NodeClass) async throws {
    while let stake {
      let revocations = stake.revocations()
      // What was lost before the stream began shows in the standing.
      if case .notStaked = await stake.standing(of: peer, atLeast: minimum) {
        try await stake.require(peer, atLeast: minimum)
      }
      for await revoked in revocations where revoked == peer { try await stake.require(peer, atLeast: minimum) }
      try await Task.sleep(for: Self.pause)
    }
    // Without proof of stake there is none to lose.
    while true { try await Task.sleep(for: .seconds(86_400)) }
  }

  /// Before revocations are asked for again after their stream has ended.
  private static let pause = Duration.seconds(1)
}

/// Lets everything pass as it is.
private struct InsecureAuthorizer: Authorizer, CallAuthorization {
  func authorize(_ call: P2PContext) -> any CallAuthorization { self }
  func sign<Content: Message>(_ message: Content) -> Content { message }
  func verify<Content: Message>(_ message: Content) {}
}
