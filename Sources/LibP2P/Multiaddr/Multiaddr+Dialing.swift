public import NIOCore

/// What a TCP dialer and listener take from an address, and what they make of a socket's.
extension Multiaddr {
  /// Where a name or address is reached over TCP.
  public struct TCPEndpoint: Hashable, Sendable {
    /// The host's part of the address.
    public enum Host: Hashable, Sendable {
      case ip4(IPv4Address)
      case ip6(IPv6Address)
      /// A name that stands for addresses of either family.
      case dns(String)
      case dns4(String)
      case dns6(String)
    }

    /// The host, as an address or a name.
    public let host: Host
    /// The TCP port.
    public let port: UInt16

    /// The socket address, nil for names that have to be resolved first.
    public var socketAddress: SocketAddress? {
      switch host {
      case .ip4(let address): try? SocketAddress(ipAddress: address.description, port: Int(port))
      case .ip6(let address): try? SocketAddress(ipAddress: address.description, port: Int(port))
      case .dns, .dns4, .dns6: nil
      }
    }
  }

  /// The peer that the address ends in.
  public var peerID: PeerID? {
    if case .p2p(let peer)? = components.last { peer } else { nil }
  }

  /// The endpoint, if the address is a host and a TCP port, with or without a peer; nil for other transports,
  /// relays and for `dnsaddr`, which stands for whole addresses.
  public var tcpEndpoint: TCPEndpoint? {
    let path = peerID == nil ? components[...] : components.dropLast()
    guard path.count == 2, let first = path.first, case .tcp(let port)? = path.last else { return nil }
    switch first {
    case .ip4(let address): return TCPEndpoint(host: .ip4(address), port: port)
    case .ip6(let address): return TCPEndpoint(host: .ip6(address), port: port)
    case .dns(let name): return TCPEndpoint(host: .dns(name), port: port)
    case .dns4(let name): return TCPEndpoint(host: .dns4(name), port: port)
    case .dns6(let name): return TCPEndpoint(host: .dns6(name), port: port)
    default: return nil
    }
  }

  /// How far the host of the address reaches; nil if it begins with a name.
  public var scope: AddressScope? {
    switch components.first {
    case .ip4(let address): address.scope
    case .ip6(let address): address.scope
    default: nil
    }
  }

  /// The address without the peer it ends in; nil if it is only that.
  public var withoutPeer: Multiaddr? {
    peerID == nil ? self : try? Multiaddr(Array(components.dropLast()))
  }

  /// The address with `peer` at its end, in place of another one there.
  ///
  /// - Throws: ``MultiaddrError`` if it gets too long or ends in a unix path.
  public func withPeer(_ peer: PeerID) throws(MultiaddrError) -> Multiaddr {
    try Multiaddr((peerID == nil ? components : components.dropLast()) + [.p2p(peer)])
  }

  /// The TCP address of a socket, nil for sockets that are not of the internet.
  ///
  /// An IPv4 peer of an IPv6 socket comes out as IPv4, which is how others know it.
  public init?(tcp address: SocketAddress) {
    guard let text = address.ipAddress, let port = address.port.flatMap(UInt16.init(exactly:)) else {
      return nil
    }
    let host: MultiaddrComponent
    if let ip4 = IPv4Address(text) {
      host = .ip4(ip4)
    } else if let ip6 = IPv6Address(text) {
      host = ip6.mappedIPv4.map(MultiaddrComponent.ip4) ?? .ip6(ip6)
    } else {
      return nil
    }
    try? self.init([host, .tcp(port)])
  }
}
