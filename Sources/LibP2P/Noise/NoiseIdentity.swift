import Crypto
import Foundation
import SwiftProtobuf

/// What this peer shows in every handshake: its identity, its X25519 static key, and the signature that ties them.
///
/// Made once per process, so that no handshake pays for a signature (an RSA one takes half a millisecond).
public struct NoiseIdentity: Sendable {
  /// What goes before the static key in the signed bytes (libp2p "noise" specification).
  static let signaturePrefix = Array("noise-libp2p-static-key:".utf8)

  /// The id that the other side authenticates.
  public let peerID: PeerID
  let staticKey: Curve25519.KeyAgreement.PrivateKey
  /// The payload of the handshake message that this side proves itself with.
  let payload: [UInt8]
  /// The muxers offered inside the handshake, best first.
  let muxers: [String]

  /// - Parameters:
  ///   - identity: the key behind the peer id.
  ///   - muxers: the muxers to offer inside the handshake, best first, which saves a round trip when both sides
  ///     list one (mesh-wire.md §1.2); with none, the muxer is negotiated behind the handshake.
  /// - Throws: ``KeyError`` `key.signing` if the identity can't sign.
  public init(_ identity: PrivateKey, muxers: [String]) throws(KeyError) {
    try self.init(identity, muxers: muxers, staticKey: Curve25519.KeyAgreement.PrivateKey())
  }

  init(
    _ identity: PrivateKey, muxers: [String], staticKey: Curve25519.KeyAgreement.PrivateKey
  ) throws(KeyError) {
    peerID = identity.peerID
    self.staticKey = staticKey
    self.muxers = muxers
    var message = PBNoiseHandshakePayload()
    message.identityKey = Data(identity.publicKey.protobuf)
    message.identitySig = Data(
      try identity.sign(Self.signaturePrefix + staticKey.publicKey.rawRepresentation))
    if !muxers.isEmpty { message.extensions.streamMuxers = muxers }
    guard let payload: [UInt8] = try? message.serializedBytes() else {
      throw KeyError(.signing, "the handshake payload of \(identity.peerID) can't be written")
    }
    self.payload = payload
  }
}

/// What the other side proved in its handshake payload.
struct NoiseRemoteIdentity: Sendable {
  /// Muxers that are looked at; more than any peer offers.
  static let maximumMuxers = 16

  let publicKey: PublicKey
  let muxers: [String]

  /// Reads a payload and checks that its identity signed `staticKey`.
  ///
  /// - Throws: ``NoiseError``: `noise.payload` or `noise.signature`.
  init(payload: [UInt8], staticKey: Curve25519.KeyAgreement.PublicKey) throws(NoiseError) {
    guard let message = try? PBNoiseHandshakePayload(serializedBytes: payload, options: .bounded) else {
      throw NoiseError(.payload, "a handshake payload of \(payload.count) bytes can't be read")
    }
    do {
      publicKey = try PublicKey(protobuf: [UInt8](message.identityKey))
    } catch {
      throw NoiseError(.payload, "a handshake shows no usable identity: \(error.message)")
    }
    muxers = Array(message.extensions.streamMuxers.prefix(Self.maximumMuxers))
    let signed = NoiseIdentity.signaturePrefix + staticKey.rawRepresentation
    guard publicKey.isValidSignature([UInt8](message.identitySig), for: signed) else {
      throw NoiseError(.signature, "a handshake claims to be \(PeerID(publicKey)) without its signature")
    }
  }
}
