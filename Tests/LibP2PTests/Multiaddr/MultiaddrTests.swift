import NIOCore
import Testing

@testable import LibP2P

@Suite("Multiaddrs")
struct MultiaddrTests {
  /// Text, and the binary form that go-multiaddr and py-multiaddr give it.
  static let known: [(String, Hex)] = [
    ("/ip4/127.0.0.1/tcp/39459", "047f000001069a23"),
    ("/ip6/::1/tcp/4001", "2900000000000000000000000000000001060fa1"),
    ("/dns/example.com/tcp/443/wss", "350b6578616d706c652e636f6d0601bbde03"),
    ("/dns4/a.b/tcp/1/ws", "3603612e62060001dd03"),
    ("/dns6/x/udp/1/quic-v1", "37017891020001cd03"),
    ("/dnsaddr/bootstrap.libp2p.io", "3813626f6f7473747261702e6c69627032702e696f"),
    ("/unix/run/p2p.sock", "90030d2f72756e2f7032702e736f636b"),
    (
      "/ip4/1.2.3.4/tcp/80/p2p/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N/p2p-circuit",
      "0401020304060050a5032212209dff3b17d74cf4d38a50d8b6383e92d181a10395a5e73a726dcccbd21bf6f0b9a202"
    ),
  ]

  @Test("Text and binary forms are the ones of other implementations", arguments: known)
  func knownForms(_ text: String, _ bytes: Hex) throws {
    #expect(try Multiaddr(text).bytes == bytes.bytes)
    #expect(try Multiaddr(bytes: bytes.bytes).description == text)
  }

  @Test("Any address survives its text and its binary form")
  func roundTrip() throws {
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<2_000 {
      let address = try AnyMultiaddr.make(using: &generator)
      #expect(try Multiaddr(address.description) == address)
      #expect(try Multiaddr(bytes: address.bytes) == address)
      #expect(try Multiaddr(bytes: address.bytes).bytes == address.bytes)
    }
  }

  @Test("Changed bytes give an error or another sound address, never a crash")
  func mutations() throws {
    var generator = SeededGenerator(seed: 4)
    for _ in 0..<5_000 {
      var bytes = try AnyMultiaddr.make(using: &generator).bytes
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        switch Int.random(in: 0..<3, using: &generator) {
        case 0 where !bytes.isEmpty: bytes.removeLast(Int.random(in: 1...bytes.count, using: &generator))
        case 1:
          bytes.insert(contentsOf: generator.bytes(1), at: Int.random(in: 0...bytes.count, using: &generator))
        default: for position in bytes.indices.prefix(1) { bytes[position] = generator.bytes(1)[0] }
        }
      }
      if let read = try? Multiaddr(bytes: bytes) {
        #expect(read.bytes == bytes)
        #expect(try Multiaddr(read.description) == read)
      }
    }
  }

  @Test(
    "Text that is no address is refused with its reason",
    arguments: [
      ("", "multiaddr.malformed"), ("/", "multiaddr.unknown-protocol"),
      ("ip4/1.2.3.4", "multiaddr.malformed"),
      ("/ip4", "multiaddr.value"), ("/ip4/1.2.3", "multiaddr.value"), ("/ip4/1.2.3.4.5", "multiaddr.value"),
      ("/ip4/1.2.3.4\0", "multiaddr.value"), ("/ip6/fe80::1%25eth0", "multiaddr.value"),
      ("/ip6/:::", "multiaddr.value"),
      ("/tcp/65536", "multiaddr.value"), ("/tcp/-1", "multiaddr.value"), ("/tcp/+1", "multiaddr.value"),
      ("/tcp/", "multiaddr.value"), ("//tcp/1", "multiaddr.unknown-protocol"),
      ("/dns/a b", "multiaddr.value"), ("/dns//tcp/1", "multiaddr.value"), ("/p2p/hello", "multiaddr.value"),
      ("/ws/1", "multiaddr.unknown-protocol"), ("/webtransport", "multiaddr.unknown-protocol"),
      ("/unix", "multiaddr.value"), ("/unix/", "multiaddr.value"),
    ])
  func badText(_ text: String, _ code: String) {
    let error = #expect(throws: MultiaddrError.self) { try Multiaddr(text) }
    #expect(error?.code == code)
  }

  @Test(
    "Bytes that are no address are refused with their reason",
    arguments: [
      ("", "multiaddr.malformed"), ("04", "multiaddr.truncated"), ("047f0000", "multiaddr.truncated"),
      ("8000", "multiaddr.truncated"), ("ffffffffffffffffffff01", "multiaddr.truncated"),
      ("d103", "multiaddr.unknown-protocol"), ("11", "multiaddr.unknown-protocol"),
      ("3500", "multiaddr.value"),
      ("3502ff00", "multiaddr.value"), ("35ffffffffffffffff7f", "multiaddr.truncated"),
      ("a50300", "multiaddr.value"),
      ("9003022f61060001", "multiaddr.malformed"), ("9003022f00", "multiaddr.value"),
      ("90030161", "multiaddr.value"),
    ])
  func badBytes(_ hex: String, _ code: String) throws {
    let bytes = try #require([UInt8](hex: hex))
    let error = #expect(throws: MultiaddrError.self) { try Multiaddr(bytes: bytes) }
    #expect(error?.code == code)
  }

  @Test("Length and number of components are bounded in both forms")
  func bounds() throws {
    let many = String(repeating: "/ws", count: Multiaddr.maximumComponents)
    #expect(try Multiaddr(many).components.count == Multiaddr.maximumComponents)
    for text in [
      many + "/ws", String(repeating: "/ws", count: 100_000), "/dns/" + String(repeating: "a", count: 254),
    ] {
      #expect(throws: MultiaddrError.self) { try Multiaddr(text) }
    }
    #expect(throws: MultiaddrError.self) { try Multiaddr(bytes: [UInt8](repeating: 0, count: 1_000_000)) }
  }

  @Test("Components that no reader would give can't make an address")
  func unsoundComponents() throws {
    for component in [.dns("a/b"), .dns(""), .dns6("é"), .unix("relative"), .unix("/a\0b")] as [MultiaddrComponent] {
      let error = #expect(throws: MultiaddrError.self) { try Multiaddr([component]) }
      #expect(error?.kind == .value)
    }
  }

  @Test("A dialer finds host, port and peer")
  func dialing() throws {
    let peer = try PeerID("12D3KooWA4Xop1JaT3MHxwYMkCepYsv4iPVopMXwCz5iHYdBfeSB")
    let address = try Multiaddr("/ip4/127.0.0.1/tcp/4001").withPeer(peer)
    #expect(address.peerID == peer)
    #expect(address.withoutPeer == (try Multiaddr("/ip4/127.0.0.1/tcp/4001")))
    #expect(address.tcpEndpoint?.socketAddress == (try SocketAddress(ipAddress: "127.0.0.1", port: 4001)))
    #expect(try Multiaddr("/dns4/a.b/tcp/1").tcpEndpoint == .init(host: .dns4("a.b"), port: 1))
    for other in [
      "/ip4/1.2.3.4/udp/1/quic-v1", "/ip4/1.2.3.4/tcp/1/ws", "/dnsaddr/a.b/tcp/1", "/p2p/\(peer)", "/tcp/1",
    ] {
      #expect(try Multiaddr(other).tcpEndpoint == nil, "\(other)")
    }
    #expect(try Multiaddr("/p2p/\(peer)").withoutPeer == nil)
    #expect(try Multiaddr("/ipfs/\(peer)/").description == "/p2p/\(peer)")
  }

  @Test("A socket's address is the one that others know the peer by")
  func sockets() throws {
    for (ip, text) in [
      ("192.0.2.1", "/ip4/192.0.2.1/tcp/9"), ("2001:db8::1", "/ip6/2001:db8::1/tcp/9"),
      ("::ffff:192.0.2.1", "/ip4/192.0.2.1/tcp/9"),
    ] {
      #expect(Multiaddr(tcp: try SocketAddress(ipAddress: ip, port: 9))?.description == text)
    }
    #expect(Multiaddr(tcp: try SocketAddress(unixDomainSocketPath: "/run/x")) == nil)
  }

  @Test(
    "Private and special addresses are told from global ones",
    arguments: [
      ("/ip4/8.8.8.8", .global), ("/ip4/10.1.1.1", .privateNetwork), ("/ip4/172.31.0.1", .privateNetwork),
      ("/ip4/172.32.0.1", .global), ("/ip4/192.168.0.1", .privateNetwork),
      ("/ip4/100.64.0.1", .privateNetwork),
      ("/ip4/127.9.9.9", .loopback), ("/ip4/0.0.0.0", .unspecified), ("/ip4/169.254.1.1", .linkLocal),
      ("/ip4/224.0.0.1", .unroutable), ("/ip4/255.255.255.255", .unroutable), ("/ip6/::", .unspecified),
      ("/ip6/::1", .loopback), ("/ip6/fe80::1", .linkLocal), ("/ip6/fd00::1", .privateNetwork),
      ("/ip6/2600::1", .global), ("/ip6/ff02::1", .unroutable), ("/ip6/::ffff:10.0.0.1", .privateNetwork),
    ] as [(String, AddressScope)])
  func scopes(_ text: String, _ scope: AddressScope) throws {
    #expect(try Multiaddr(text).scope == scope)
  }
}

/// Addresses of any shape that the type can hold.
enum AnyMultiaddr {
  static func make(using generator: inout SeededGenerator) throws -> Multiaddr {
    let count = Int.random(in: 1...6, using: &generator)
    var components = try (0..<count).map { _ in try component(using: &generator) }
    if Int.random(in: 0..<8, using: &generator) == 0 { components.append(.unix("/tmp//\u{301}é ok/x.sock")) }
    return try Multiaddr(components)
  }

  private static func component(using generator: inout SeededGenerator) throws -> MultiaddrComponent {
    let name =
      ["a", "example.com", "_dnsaddr.x-1.io", String(repeating: "k", count: 253)]
      .randomElement(using: &generator) ?? "a"
    let port = UInt16.random(in: .min ... .max, using: &generator)
    let peer = try PeerID(bytes: [0x12, 0x20] + generator.bytes(32))
    let ip4 = try #require(IPv4Address(bytes: generator.bytes(4)))
    let sparse = generator.bytes(16).map { $0 < 128 ? 0 : $0 }
    let ip6 = try #require(IPv6Address(bytes: sparse))
    let all: [MultiaddrComponent] = [
      .ip4(ip4), .ip6(ip6), .dns(name), .dns4(name), .dns6(name), .dnsaddr(name), .tcp(port), .udp(port),
      .quicV1,
      .ws, .wss, .p2p(peer), .p2pCircuit,
    ]
    return all.randomElement(using: &generator) ?? .ws
  }
}
