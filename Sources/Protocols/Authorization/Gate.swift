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
    return try await authorizer.authorize(call)
  }

  /// - Throws: ``Refusal`` `auth.not-staked` or `auth.stake-unknown`.
  public func requireStake(of peer: PeerID, atLeast minimum: NodeClass = .registered) async throws(Refusal) {
    try await stake?.require(peer, atLeast: minimum)
  }
}

/// Lets everything pass as it is.
private struct InsecureAuthorizer: Authorizer, CallAuthorization {
  func authorize(_ call: P2PContext) -> any CallAuthorization { self }
  func sign<Content: Message>(_ message: Content) -> Content { message }
  func verify<Content: Message>(_ message: Content) {}
}
