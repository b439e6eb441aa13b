import Foundation
import NIOCore
import Testing

@testable import LibP2P

/// The code of the library's overview, as it stands there, and the figures of the operators' page.
@Suite("Samples of the documentation", .timeLimit(.minutes(1)))
struct DocumentationSampleTests {
  struct Members: ConnectionGater {
    let peers: Set<PeerID>

    func allowsConnection(with peer: PeerID, at address: Multiaddr, _ direction: Direction) async -> Bool {
      peers.contains(peer)
    }
  }

  @Test("Serving, calling and gating")
  func calling() async throws {
    let path = NSTemporaryDirectory() + "validatord-key-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try PeerKeyFile.write(try PrivateKey.generate(.ed25519), to: path, dialect: .mesh)

    var configuration = HostConfiguration(identity: try PeerKeyFile.read(path))
    configuration.listenAddresses = [try Multiaddr("/ip4/127.0.0.1/tcp/0")]
    let member = try PrivateKey.generate(.ed25519)
    configuration.gater = Members(peers: [member.peerID])
    let services = PeerServices(try P2PHost(configuration))
    services.host.handle("/greet/1") { stream in
      let name = try await stream.read(exactly: 3)
      try await stream.write(ByteBuffer(string: "Hello, \(String(buffer: name))"))
    }
    let running = Task { try await services.run() }

    #expect(try await TestHosts.eventually { !services.host.listenAddresses.isEmpty })
    let (peer, addresses) = (services.host.peerID, services.host.listenAddresses)
    let host = try P2PHost(HostConfiguration(identity: member))
    let stream = try await host.openStream(to: peer, ["/greet/1"], at: addresses)
    stream.setDeadline(.now() + .seconds(5))
    try await stream.write(ByteBuffer(string: "Ada"))
    let greeting = try await stream.read(exactly: 10)
    stream.close()
    #expect(greeting == ByteBuffer(string: "Hello, Ada"))

    let stranger = try P2PHost(HostConfiguration(identity: PrivateKey.generate(.ed25519)))
    await #expect(throws: (any Error).self) {
      let stream = try await stranger.openStream(to: peer, ["/greet/1"], at: addresses)
      _ = try await stream.read()
    }
    for host in [host, stranger] { await host.shutdown() }
    running.cancel()
    try await running.value
  }

  @Test("A handshake without a network")
  func handshake() throws {
    let (left, right) = try (PrivateKey.generate(.ed25519), PrivateKey.generate(.ed25519))

    var dialer = NoiseHandshake(.initiator, identity: try NoiseIdentity(left, muxers: []), expecting: right.peerID)
    var listener = NoiseHandshake(.responder, identity: try NoiseIdentity(right, muxers: []))
    guard case .send(let second) = try listener.receive(dialer.start()),
      case .established(let session, let third, _) = try dialer.receive(second),
      case .established(let other, _, _) = try listener.receive(third)
    else {
      Issue.record("the handshake did not end")
      return
    }

    #expect(session.remotePeer == right.peerID && other.remotePeer == left.peerID)
  }

  /// Values of the limits as the operators' documentation names them.
  private static let documented: [String: String] = {
    let (limits, timeouts, host) = (ResourceLimits(), HostTimeouts(), HostConfiguration.defaults)
    func seconds(_ time: TimeAmount) -> String { "\(time.nanoseconds / 1_000_000_000) s" }
    func memory(_ bytes: Int) -> String { "\(bytes >> 20) MiB" }
    return [
      "connections of the node": "\(limits.system.connections)",
      "connections not yet authenticated": "\(limits.transient.connections)",
      "the same, from one address": "\(limits.transientAddress.inboundConnections)",
      "connections from one address": "\(limits.address.inboundConnections)",
      "connections with one peer": "\(limits.peer.connections)",
      "connections from which unused ones are closed, and down to": "\(host.highWatermark), \(host.lowWatermark)",
      "streams of the node": "\(limits.system.streams)",
      "streams that one peer has open here": "\(limits.peer.inboundStreams)",
      "memory of stream buffers": memory(limits.system.memory),
      "memory of one peer's streams": memory(limits.peer.memory),
      "memory of one stream": memory(limits.stream.memory),
      "from TCP connection to admission": seconds(timeouts.upgrade),
      "one phase of it": seconds(timeouts.phase),
      "agreement on a stream's protocol": seconds(timeouts.negotiation),
      "identify": seconds(timeouts.identify),
      "identify questions of one peer": "\(IdentifyService.answerBurst)",
      "identify pushes of one peer": "\(IdentifyService.pushBurst)",
      "Kademlia requests of one peer": "\(KademliaService.requestBurst)",
      "ping streams of one peer": "\(PingService.maximumStreams)",
      "peers whose addresses are known": "\(AddressBook.maximumPeers)",
    ]
  }()

  private static let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "docs/peers.md")

  @Test("The limits that operators read of are those of the code")
  func limits() throws {
    let text = try String(contentsOf: Self.page, encoding: .utf8)
    for (name, value) in Self.documented { #expect(text.contains("| \(name) | \(value) |"), "\(name) is \(value)") }
  }

  @Test("The documented fail2ban filter finds the address in the line that a misbehaving peer leaves")
  func failregex() throws {
    let text = try String(contentsOf: Self.page, encoding: .utf8)
    let filter = try #require(text.firstMatch(of: /(?m)^failregex = (.*)$/)?.output.1)
    let pattern = try Regex(
      String(filter.replacing("<HOST>", with: "([0-9a-fA-F:.]+)")), as: (Substring, Substring).self)
    for address in ["192.0.2.7", "2001:db8::7"] {
      let kind = address.contains(":") ? "ip6" : "ip4"
      let line = MisbehaviourLog.line(
        peer: nil, address: try Multiaddr("/\(kind)/\(address)/tcp/51442"), component: "yamux", code: "yamux.flood")
      let logged = "2026-02-10T12:00:00+0000 warning libp2p: [LibP2P] \(line)"
      #expect(logged.firstMatch(of: pattern)?.output.1 == address[...])
    }
  }
}

extension HostConfiguration {
  /// Where every value is the default; the key is for tests only.
  fileprivate static let defaults: HostConfiguration = {
    guard let key = try? PrivateKey(ed25519Seed: [UInt8](repeating: 1, count: 32)) else {
      preconditionFailure("a seed of 32 bytes is a key")
    }
    return HostConfiguration(identity: key)
  }()
}
