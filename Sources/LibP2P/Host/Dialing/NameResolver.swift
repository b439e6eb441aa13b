import NIOCore
import NIOPosix

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Turns the host part of an address into socket addresses; names are asked of the system's resolver, on threads of
/// their own because it blocks.
enum NameResolver {
  /// The addresses of an endpoint.
  ///
  /// - Throws: ``HostError`` `host.unresolved`.
  static func resolve(_ endpoint: Multiaddr.TCPEndpoint) async throws -> [SocketAddress] {
    if let address = endpoint.socketAddress { return [address] }
    let (name, family) =
      switch endpoint.host {
      case .dns(let name): (name, AF_UNSPEC)
      case .dns4(let name): (name, AF_INET)
      case .dns6(let name): (name, AF_INET6)
      case .ip4(let ip): (ip.description, AF_INET)
      case .ip6(let ip): (ip.description, AF_INET6)
      }
    let port = endpoint.port
    return try await NIOThreadPool.singleton.runIfActive { try lookUp(name, family, port) }
  }

  private static func lookUp(_ name: String, _ family: Int32, _ port: UInt16) throws -> [SocketAddress] {
    var hints = addrinfo()
    hints.ai_family = family
    hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
    var results: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(name, String(port), &hints, &results)
    guard status == 0, let first = results else {
      throw HostError(
        .unresolved, "\(name.quotedForLog()) has no address: \(String(cString: gai_strerror(status)))")
    }
    defer { freeaddrinfo(first) }
    return sequence(first: first, next: \.pointee.ai_next).compactMap { info in
      guard let address = info.pointee.ai_addr else { return nil }
      switch info.pointee.ai_family {
      case AF_INET:
        return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { SocketAddress($0.pointee) }
      case AF_INET6:
        return address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { SocketAddress($0.pointee) }
      default: return nil
      }
    }
  }
}
