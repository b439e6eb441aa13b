import Crypto

/// What a finished handshake gives: who is on the other side, and the keys of the channel to it.
public struct NoiseSession: Sendable {
  /// The identity that the other side proved.
  public let remoteKey: PublicKey
  /// The muxer that both sides listed in the handshake; nil if it is to be negotiated inside the channel.
  public let muxer: String?
  /// Names this channel to both ends and to nobody else.
  let handshakeHash: [UInt8]
  let sendingKey: SymmetricKey
  let receivingKey: SymmetricKey

  /// The id of the peer on the other side.
  public var remotePeer: PeerID { PeerID(remoteKey) }
}
