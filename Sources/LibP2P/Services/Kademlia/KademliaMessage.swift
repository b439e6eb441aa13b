import Foundation
import SwiftProtobuf

/// A request or answer of `/ipfs/kad/1.0.0` (libp2p "kad-dht" specification, mesh-wire.md §1.6, subnet-wire.md §1.7).
public struct KademliaMessage: Sendable, Equatable {
  /// The longest message read, in bytes: twenty peers with three kilobytes each.
  public static let maximumLength = 65_536
  /// The longest key read.
  public static let maximumKeyLength = 256
  /// Peers read from one list of a message.
  public static let maximumPeers = 32
  /// Addresses read of one peer.
  public static let maximumAddresses = 16

  /// What is asked, or answered. The raw value is the number on the wire.
  public enum Kind: Int, Sendable {
    case putValue = 0
    case getValue = 1
    case addProvider = 2
    case getProviders = 3
    case findNode = 4
    case ping = 5
  }

  /// How the sender stands with a peer it names.
  public enum Connection: Int, Sendable {
    case notConnected = 0
    case connected = 1
    case canConnect = 2
    case cannotConnect = 3
  }

  /// A peer that a message names.
  public struct Peer: Sendable, Equatable {
    /// Who it is.
    public var id: PeerID
    /// Where it may be reached, without its id at the end.
    public var addresses: [Multiaddr]
    /// How the sender stands with it.
    public var connection: Connection

    /// A peer to name.
    public init(_ id: PeerID, addresses: [Multiaddr], connection: Connection = .notConnected) {
      self.id = id
      self.addresses = addresses
      self.connection = connection
    }
  }

  /// What is asked or answered.
  public var kind: Kind
  /// What is looked for: the bytes of a peer id in ``Kind/findNode``.
  public var key: [UInt8]
  /// Peers closer to the key.
  public var closerPeers: [Peer] = []
  /// Peers that provide what the key names.
  public var providers: [Peer] = []

  /// A message to fill in.
  public init(_ kind: Kind, key: [UInt8] = []) {
    self.kind = kind
    self.key = key
  }

  /// Reads a message. Peers without a sound id and addresses that this node can't read are left out.
  ///
  /// - Throws: ``KademliaError``: `kad.malformed`, or `kad.unknown-type`.
  public init(body: [UInt8]) throws(KademliaError) {
    guard body.count <= Self.maximumLength,
      let message = try? PBKadMessage(serializedBytes: body, options: .bounded),
      message.key.count <= Self.maximumKeyLength
    else { throw KademliaError(.malformed, "\(body.count) bytes are not a message of Kademlia") }
    guard let kind = Kind(rawValue: message.type.rawValue) else {
      throw KademliaError(.unknownType, "messages of type \(message.type.rawValue) are not spoken")
    }
    self.kind = kind
    key = [UInt8](message.key)
    closerPeers = message.closerPeers.prefix(Self.maximumPeers).compactMap(Self.peer)
    providers = message.providerPeers.prefix(Self.maximumPeers).compactMap(Self.peer)
  }

  /// The message on the wire.
  public var body: [UInt8] {
    var message = PBKadMessage()
    message.type = PBKadMessage.MessageType(rawValue: kind.rawValue) ?? .UNRECOGNIZED(kind.rawValue)
    if !key.isEmpty { message.key = Data(key) }
    message.closerPeers = closerPeers.map(Self.entry)
    message.providerPeers = providers.map(Self.entry)
    return message.encoded
  }

  private static func entry(_ peer: Peer) -> PBKadMessage.Peer {
    var entry = PBKadMessage.Peer()
    entry.id = Data(peer.id.bytes)
    entry.addrs = peer.addresses.map { Data($0.bytes) }
    entry.connection = .init(rawValue: peer.connection.rawValue) ?? .notConnected
    return entry
  }

  private static func peer(_ entry: PBKadMessage.Peer) -> Peer? {
    guard let id = try? PeerID(bytes: entry.id) else { return nil }
    let addresses = IdentifyMessage.addresses(entry.addrs.prefix(maximumAddresses), of: id)
    return Peer(id, addresses: addresses, connection: Connection(rawValue: entry.connection.rawValue) ?? .notConnected)
  }
}
