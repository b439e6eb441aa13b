import Foundation
import NIOCore
import Testing

@testable import LibP2P

@Suite("Real foreign peers", .serialized, .timeLimit(.minutes(5)))
struct ForeignPeerTests {
  /// Who calls with which identity, whose key the other side has, and how much is transferred each way: as much as
  /// issue and specification ask for once, then as much as shows that keys make no difference.
  struct Meeting: CustomTestStringConvertible {
    var ours: KeyType
    var theirs: KeyType
    var transfer: UInt64
    var testDescription: String { "\(ours.name) with \(theirs.name), \(transfer >> 20) MiB" }
  }

  private static let meetings = [
    Meeting(ours: .ed25519, theirs: .ed25519, transfer: 256 << 20),
    Meeting(ours: .rsa, theirs: .rsa, transfer: 1 << 20),
    Meeting(ours: .ed25519, theirs: .rsa, transfer: 1 << 20),
    Meeting(ours: .rsa, theirs: .ed25519, transfer: 1 << 20),
  ]

  @Test(
    "go-libp2p is called: ping, identify, echo, blast, sink",
    .enabled(if: InteropTier.has(.goLibP2P), "p2pd is not there"), arguments: meetings)
  func callingGo(_ meeting: Meeting) async throws { try await call(.goLibP2P, meeting) }

  @Test(
    "py-libp2p is called: ping, identify, echo, blast, sink",
    .enabled(if: InteropTier.has(.pyLibP2P), "py-libp2p is not there"), arguments: meetings)
  func callingPython(_ meeting: Meeting) async throws { try await call(.pyLibP2P, meeting) }

  @Test(
    "go-libp2p calls: ping, identify, echo, blast, sink",
    .enabled(if: InteropTier.has(.goLibP2P), "p2pd is not there"), arguments: meetings)
  func calledByGo(_ meeting: Meeting) async throws { try await calledBy(.goLibP2P, meeting, result: "result") }

  @Test(
    "py-libp2p calls: ping, identify, echo, blast, sink",
    .enabled(if: InteropTier.has(.pyLibP2P), "py-libp2p is not there"), arguments: meetings)
  func calledByPython(_ meeting: Meeting) async throws { try await calledBy(.pyLibP2P, meeting, result: "summary") }

  private func call(_ kind: ForeignPeer.Kind, _ meeting: Meeting) async throws {
    try await withKeyFile(of: meeting.theirs, for: kind) { path, key in
      let peer = try ForeignPeer.serving(kind, ["--key", path])
      let line = try #require(await peer.line("listening"))
      let address = try Multiaddr(try #require(line["multiaddr"]?.text))
      #expect(address.peerID == key.peerID)
      try await withServices(try PrivateKey.generate(meeting.ours)) { services in
        try await exercise(kind, services, address, transfer: meeting.transfer)
      }
      try await peer.stop()
    }
  }

  private func withKeyFile(
    of type: KeyType, for kind: ForeignPeer.Kind, _ body: (_ path: String, PrivateKey) async throws -> Void
  ) async throws {
    let path = NSTemporaryDirectory() + "validatord-key-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let key = try PrivateKey.generate(type)
    try PeerKeyFile.write(key, to: path, dialect: kind == .goLibP2P ? .mesh : .subnet)
    try await body(path, key)
  }

  private func withServices(_ key: PrivateKey, _ body: (PeerServices) async throws -> Void) async throws {
    let host = try await TestHosts.make { $0.identity = key }
    let services = PeerServices(host)
    try await withThrowingTaskGroup(of: Void.self) { group in
      defer { group.cancelAll() }
      group.addTask { try await services.run() }
      try await body(services)
    }
  }

  private func exercise(
    _ kind: ForeignPeer.Kind, _ services: PeerServices, _ address: Multiaddr, transfer: UInt64
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
    let received = try await BlastProtocol.call(blast, count: transfer)
    #expect(received == (transfer, BlastProtocol.digest(count: transfer)))

    let sink = try await connection.openStream([SinkProtocol.id])
    #expect(try await SinkProtocol.call(sink, count: transfer))

    await #expect(
      performing: { _ = try await connection.openStream(["/nothing/1"]) },
      throws: code("negotiation.unsupported"))
  }

  private func calledBy(_ kind: ForeignPeer.Kind, _ meeting: Meeting, result event: String) async throws {
    try await withServices(try PrivateKey.generate(meeting.ours)) { services in
      let address = try #require(try services.host.listenAddresses.first?.withPeer(services.host.peerID))
      try await withKeyFile(of: meeting.theirs, for: kind) { path, key in
        var callers = services.host.events().makeAsyncIterator()
        let peer = try ForeignPeer.calling(
          kind, address.description, ["--key", path, "--bytes", "\(meeting.transfer)"])
        let result = try #require(await peer.line(event))
        #expect(result["ok"]?.flag == true, "\(result)")
        guard case .connected(let connection)? = await callers.next() else {
          Issue.record("nobody connected")
          return
        }
        #expect(connection.peer == key.peerID)
        try await peer.stop()
      }
    }
  }
}
