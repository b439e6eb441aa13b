import NIOCore
import Testing

@testable import LibP2P

@Suite("Real foreign peers", .serialized, .timeLimit(.minutes(5)))
struct ForeignPeerTests {
  private static let transfer: UInt64 = 32 << 20

  @Test(
    "go-libp2p is called: echo, blast, sink, ping", .enabled(if: InteropTier.has(.goLibP2P), "p2pd is not there"))
  func callingGo() async throws { try await call(.goLibP2P) }

  @Test(
    "py-libp2p is called: echo, blast, sink, ping",
    .enabled(if: InteropTier.has(.pyLibP2P), "py-libp2p is not there"))
  func callingPython() async throws { try await call(.pyLibP2P) }

  @Test(
    "go-libp2p calls: ping, identify, echo, blast, sink",
    .enabled(if: InteropTier.has(.goLibP2P), "p2pd is not there"), arguments: [KeyType.ed25519, .rsa])
  func calledByGo(identity: KeyType) async throws { try await calledBy(.goLibP2P, identity, result: "result") }

  @Test(
    "py-libp2p calls: ping, identify, echo, blast, sink",
    .enabled(if: InteropTier.has(.pyLibP2P), "py-libp2p is not there"), arguments: [KeyType.ed25519, .rsa])
  func calledByPython(identity: KeyType) async throws {
    try await calledBy(.pyLibP2P, identity, result: "summary")
  }

  private func call(_ kind: ForeignPeer.Kind) async throws {
    let peer = try ForeignPeer.serving(kind)
    let line = try #require(await peer.line("listening"))
    let address = try Multiaddr(try #require(line["multiaddr"]?.text))
    try await withServices { services in
      try await exercise(kind, services, address)
    }
    try await peer.stop()
  }

  private func withServices(
    _ key: PrivateKey? = nil, _ body: (PeerServices) async throws -> Void
  ) async throws {
    let host = try await TestHosts.make { if let key { $0.identity = key } }
    let services = PeerServices(host)
    try await withThrowingTaskGroup(of: Void.self) { group in
      defer { group.cancelAll() }
      group.addTask { try await services.run() }
      try await body(services)
    }
  }

  private func exercise(
    _ kind: ForeignPeer.Kind, _ services: PeerServices, _ address: Multiaddr
  ) async throws {
    let connection = try await services.host.connect(at: address)
    #expect(connection.peer == address.peerID)

    let identity = try await services.identify.identify(connection)
    #expect(identity.agentVersion == (kind == .goLibP2P ? "p2pd/0.1" : "py-libp2p/0.8.1"))
    #expect(Set([EchoProtocol.id, BlastProtocol.id, SinkProtocol.id]).isSubset(of: identity.protocols))
    #expect(identity.observedAddress?.scope == .loopback)

    var ping = try await services.ping.open(connection)
    for _ in 0..<5 { #expect(try await ping.roundTrip() > .zero) }

    let token = ByteBuffer(bytes: (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) })
    let echo = try await connection.openStream([EchoProtocol.id])
    #expect(try await EchoProtocol.call(echo, token) == token)
    echo.closeWrite()
    // p2pd answers a half-close with a reset (mesh-wire.md §2.4).
    if kind == .pyLibP2P { #expect(try await echo.read() == nil) }

    let blast = try await connection.openStream([BlastProtocol.id])
    let received = try await BlastProtocol.call(blast, count: Self.transfer)
    #expect(received == (Self.transfer, BlastProtocol.digest(count: Self.transfer)))

    let sink = try await connection.openStream([SinkProtocol.id])
    #expect(try await SinkProtocol.call(sink, count: Self.transfer))

    await #expect(
      performing: { _ = try await connection.openStream(["/nothing/1"]) },
      throws: code("negotiation.unsupported"))
  }

  private func calledBy(_ kind: ForeignPeer.Kind, _ identity: KeyType, result event: String) async throws {
    try await withServices(try PrivateKey.generate(identity)) { services in
      let address = try #require(try services.host.listenAddresses.first?.withPeer(services.host.peerID))
      let peer = try ForeignPeer.calling(kind, address.description, bytes: Self.transfer)
      let result = try #require(await peer.line(event))
      #expect(result["ok"]?.flag == true, "\(result)")
      try await peer.stop()
    }
  }
}
