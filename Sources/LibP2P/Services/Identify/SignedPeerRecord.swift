import SwiftProtobuf

/// Addresses that a peer signed, so that others may pass them on (libp2p RFC 0002 and RFC 0003).
///
/// This node reads records and makes none: the two Python stacks reject each other's, and both do without
/// (subnet-wire.md §1.9).
public struct SignedPeerRecord: Sendable, Equatable {
  /// The longest envelope read, in bytes.
  public static let maximumLength = 8_192
  private static let domain = Array("libp2p-peer-record".utf8)
  /// The code of peer records: as libp2p registers it, and as py-libp2p 0.6 writes it.
  private static let payloadTypes: [[UInt8]] = [[0x03, 0x01], [0x81, 0x06]]

  /// Whose addresses these are, and who signed them.
  public let peer: PeerID
  /// Grows with each record of the peer; an older one must not replace a newer.
  public let sequence: UInt64
  /// The addresses, as many as ``IdentifyMessage/maximumAddresses`` and without those that can't be read.
  public let addresses: [Multiaddr]

  /// Opens an envelope and checks its signature.
  ///
  /// - Throws: ``IdentifyError``: `identify.record` if it can't be read or is not signed by its key,
  ///   `identify.peer-mismatch` if it is another peer's than `peer` (RUSTSEC-2022-0009).
  public init(envelope: [UInt8], expecting peer: PeerID) throws(IdentifyError) {
    guard envelope.count <= Self.maximumLength,
      let message = try? PBEnvelope(serializedBytes: envelope, options: .bounded),
      Self.payloadTypes.contains([UInt8](message.payloadType)),
      let key = try? PublicKey(protobuf: [UInt8](message.publicKey)),
      let record = try? PBPeerRecord(serializedBytes: message.payload, options: .bounded),
      let owner = try? PeerID(bytes: record.peerID)
    else {
      throw IdentifyError(.record, "\(peer) sent a peer record that can't be read")
    }
    guard owner == peer, PeerID(key) == peer else {
      throw IdentifyError(.peerMismatch, "\(peer) sent the peer record of \(owner)")
    }
    let signed = [Self.domain, [UInt8](message.payloadType), [UInt8](message.payload)]
      .flatMap { Varint.encode(UInt64($0.count)) + $0 }
    guard key.isValidSignature([UInt8](message.signature), for: signed) else {
      throw IdentifyError(.record, "\(peer) sent a peer record with a wrong signature")
    }
    self.peer = peer
    sequence = record.seq
    addresses = IdentifyMessage.addresses(record.addresses.lazy.map(\.multiaddr), of: peer)
  }
}
