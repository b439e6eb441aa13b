import Foundation

/// What a client asks outside a persistent connection, with its fields checked.
enum ControlRequest: Equatable, Sendable {
  case identify
  case connect(PeerID, [Multiaddr], seconds: Int64)
  case disconnect(PeerID)
  case listPeers
  case openStream(PeerID, [String], seconds: Int64)
  /// Hand streams of these protocols to a socket of the client.
  case handle([String], at: Multiaddr, isBalanced: Bool)
  case stopHandling([String], at: Multiaddr)
  /// Kademlia: the addresses of a peer.
  case findPeer(PeerID, seconds: Int64)
  /// Kademlia: the peers closest to a key.
  case closestPeers([UInt8], seconds: Int64)
  /// The key behind a peer id.
  case publicKey(PeerID)
  /// Become a persistent connection.
  case upgrade
  /// Nothing that is offered here, and the answer.
  case refused(String)

  /// Protocols that one request may name.
  static let maximumProtocols = Multistream.maximumProposals
  /// Addresses that one request may name.
  static let maximumAddresses = DialTarget.maximumCount
  /// The longest name of a protocol, in bytes; multistream has room for it.
  static let maximumNameLength = 512
  private static let missing = "Malformed request; missing parameters"

  init(_ request: PBControlRequest) {
    do {
      self = try Self.read(request) ?? .refused(Self.missing)
    } catch let error as any LibP2PError {
      self = .refused(error.message)
    } catch {
      self = .refused("Malformed request")
    }
  }

  private static func read(_ request: PBControlRequest) throws -> ControlRequest? {
    switch request.kind {
    case .identify: return .identify
    case .listPeers: return .listPeers
    case .persistentConnUpgrade: return .upgrade
    case .connect:
      guard request.hasConnect else { return nil }
      let connect = request.connect
      return .connect(
        try PeerID(bytes: connect.peer),
        try connect.addresses.prefix(maximumAddresses).map { try Multiaddr(bytes: $0) },
        seconds: connect.timeout)
    case .disconnect: return request.hasDisconnect ? .disconnect(try PeerID(bytes: request.disconnect.peer)) : nil
    case .streamOpen:
      guard request.hasStreamOpen else { return nil }
      let open = request.streamOpen
      return .openStream(try PeerID(bytes: open.peer), try names(open.protocols), seconds: open.timeout)
    case .streamHandler:
      guard request.hasStreamHandler else { return nil }
      let handler = request.streamHandler
      return .handle(
        try names(handler.protocols), at: try Multiaddr(bytes: handler.address), isBalanced: handler.balanced)
    case .removeStreamHandler:
      guard request.hasRemoveStreamHandler else { return nil }
      let handler = request.removeStreamHandler
      return .stopHandling(try names(handler.protocols), at: try Multiaddr(bytes: handler.address))
    case .dht: return request.hasRouting ? try read(request.routing) : nil
    case .pubsub: return .refused("PubSub not enabled")
    case .connectionManager: return .refused("not supported")
    }
  }

  private static func read(_ request: PBControlRoutingRequest) throws -> ControlRequest {
    switch request.kind {
    case .findPeer:
      guard request.hasPeer else { return .refused("Malformed request; missing peer parameter") }
      return .findPeer(try PeerID(bytes: request.peer), seconds: request.timeout)
    case .getClosestPeers:
      guard request.hasKey else { return .refused("Malformed request; missing key parameter") }
      return .closestPeers([UInt8](request.key), seconds: request.timeout)
    case .getPublicKey:
      guard request.hasPeer else { return .refused("Malformed request; missing peer parameter") }
      return .publicKey(try PeerID(bytes: request.peer))
    case .findPeersConnectedToPeer, .findProviders, .getValue, .searchValue, .putValue, .provide:
      return .refused("not supported")
    }
  }

  private static func names(_ protocols: [String]) throws -> [String] {
    guard (1...maximumProtocols).contains(protocols.count) else {
      throw ControlError(.malformed, "Malformed request; \(protocols.count) protocols")
    }
    guard protocols.allSatisfy(isName) else {
      throw ControlError(.malformed, "Malformed request; a protocol has no good name")
    }
    return protocols
  }

  /// Whether a handler may have this name: what multistream can carry, and people can read.
  static func isName(_ name: String) -> Bool {
    (1...maximumNameLength).contains(name.utf8.count)
      && name.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
  }
}
