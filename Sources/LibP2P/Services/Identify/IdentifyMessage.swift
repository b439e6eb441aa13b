import Foundation
import SwiftProtobuf

/// What peers tell each other about themselves (libp2p "identify" specification, subnet-wire.md §1.6).
public struct IdentifyMessage: Sendable, Equatable {
  /// The longest message read or sent, in bytes; go-libp2p reads no more.
  public static let maximumLength = 8_192
  /// Addresses kept of one peer.
  public static let maximumAddresses = 32
  /// Protocols kept of one peer.
  public static let maximumProtocols = 256
  /// Characters kept of a version text.
  public static let maximumVersionLength = 128

  /// The peer's key; nil in a push that leaves it out.
  public var publicKey: PublicKey?
  /// Where the peer listens, without its peer id at the end.
  public var listenAddresses: [Multiaddr] = []
  /// What the peer serves.
  public var protocols: [String] = []
  /// The reader's address as the writer sees it.
  public var observedAddress: Multiaddr?
  /// The family of protocols, such as `ipfs/0.1.0`.
  public var protocolVersion = ""
  /// The software, such as `py-libp2p/0.8.1`. The peer words it: quote it in logs.
  public var agentVersion = ""
  /// Addresses that the peer signed, if it sent a sound record.
  public var record: SignedPeerRecord?
  /// Why the record that the peer sent was left out.
  public var recordError: IdentifyError?

  /// A message to fill in.
  public init() {}

  /// Reads what `peer`, as the connection authenticated it, says about itself.
  ///
  /// Addresses that this node can't read are left out, and so are those that end in another peer.
  ///
  /// - Throws: ``IdentifyError``: `identify.malformed`, or `identify.peer-mismatch` for another peer's key.
  public init(body: [UInt8], from peer: PeerID) throws(IdentifyError) {
    guard body.count <= Self.maximumLength,
      let message = try? PBIdentify(serializedBytes: body, options: .bounded)
    else {
      throw IdentifyError(.malformed, "\(peer) sent \(body.count) bytes that are not an identify message")
    }
    if message.hasPublicKey {
      guard let key = try? PublicKey(protobuf: [UInt8](message.publicKey)), PeerID(key) == peer else {
        throw IdentifyError(.peerMismatch, "\(peer) identified itself with another key")
      }
      publicKey = key
    }
    listenAddresses = Self.addresses(message.listenAddrs, of: peer)
    protocols = Array(message.protocols.prefix(Self.maximumProtocols))
    observedAddress = message.hasObservedAddr ? try? Multiaddr(bytes: message.observedAddr) : nil
    protocolVersion = String(message.protocolVersion.prefix(Self.maximumVersionLength))
    agentVersion = String(message.agentVersion.prefix(Self.maximumVersionLength))
    guard message.hasSignedPeerRecord else { return }
    do {
      record = try SignedPeerRecord(envelope: [UInt8](message.signedPeerRecord), expecting: peer)
    } catch {
      recordError = error
    }
  }

  /// Where to reach the peer: what it signed, else what it said.
  public var addresses: [Multiaddr] { record?.addresses ?? listenAddresses }

  /// This push with what it leaves out taken from the message before.
  func completed(by earlier: IdentifyMessage) -> IdentifyMessage {
    var whole = self
    if publicKey == nil { whole.publicKey = earlier.publicKey }
    if addresses.isEmpty { (whole.listenAddresses, whole.record) = (earlier.listenAddresses, earlier.record) }
    if protocols.isEmpty { whole.protocols = earlier.protocols }
    if protocolVersion.isEmpty { whole.protocolVersion = earlier.protocolVersion }
    if agentVersion.isEmpty { whole.agentVersion = earlier.agentVersion }
    return whole
  }

  /// The message on the wire, without a record.
  public var body: [UInt8] {
    var message = PBIdentify()
    if let publicKey { message.publicKey = Data(publicKey.protobuf) }
    message.listenAddrs = listenAddresses.map { Data($0.bytes) }
    message.protocols = protocols
    if let observedAddress { message.observedAddr = Data(observedAddress.bytes) }
    if !protocolVersion.isEmpty { message.protocolVersion = protocolVersion }
    if !agentVersion.isEmpty { message.agentVersion = agentVersion }
    return message.encoded
  }

  /// The addresses of `peer` among `encoded`, each once and without the peer id that py-libp2p 0.6 appends.
  static func addresses(_ encoded: some Sequence<Data>, of peer: PeerID) -> [Multiaddr] {
    var addresses: [Multiaddr] = []
    for bytes in encoded {
      guard addresses.count < maximumAddresses else { break }
      guard let address = try? Multiaddr(bytes: bytes), address.peerID == nil || address.peerID == peer,
        let bare = address.withoutPeer, !addresses.contains(bare)
      else { continue }
      addresses.append(bare)
    }
    return addresses
  }
}
