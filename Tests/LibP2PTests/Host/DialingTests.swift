import NIOCore
import Synchronization
import Testing

@testable import LibP2P

@Suite("Dialing")
struct DialingTests {
  private static func target(_ text: String) throws -> DialTarget {
    let address = try Multiaddr(text)
    return DialTarget(address: address, socket: try #require(address.tcpEndpoint?.socketAddress))
  }

  @Test("RFC 8305 the families take turns, IPv6 first; each address once; a bounded number")
  func order() throws {
    let targets = try [
      "/ip4/192.0.2.1/tcp/1", "/ip4/192.0.2.2/tcp/1", "/ip4/192.0.2.1/tcp/1", "/ip6/2001:db8::1/tcp/1",
      "/ip4/192.0.2.3/tcp/1",
    ].map(Self.target)
    #expect(
      DialTarget.ordered(targets).map(\.address.description) == [
        "/ip6/2001:db8::1/tcp/1", "/ip4/192.0.2.1/tcp/1", "/ip4/192.0.2.2/tcp/1", "/ip4/192.0.2.3/tcp/1",
      ])
    let many = try (1...200).map { try Self.target("/ip4/192.0.2.1/tcp/\($0)") }
    #expect(DialTarget.ordered(many).count == DialTarget.maximumCount)
  }

  @Test("The next address is tried at once when one fails, and after a moment when one keeps silent")
  func pacing() async throws {
    let tried = Mutex<[String]>([])
    let race = DialRace(attemptDelay: .milliseconds(50), deadline: .milliseconds(400)) { target in
      tried.withLock { $0.append(target.address.description) }
      if target.address.description.hasPrefix("/ip6") { throw HostError(.unreachable, "nobody") }
      try await Task.sleep(for: .seconds(60))
      throw HostError(.timeout, "never")
    }
    let targets = try ["/ip6/2001:db8::1/tcp/1", "/ip4/192.0.2.1/tcp/1", "/ip4/192.0.2.2/tcp/1"].map(Self.target)
    await #expect(performing: { _ = try await race.run(targets) }, throws: code("host.timeout"))
    #expect(tried.withLock(\.self) == targets.map(\.address.description))
  }

  @Test("When all fail, the error names each address and its reason, or is what the only one said that answered")
  func allFail() async throws {
    let race = DialRace(attemptDelay: .milliseconds(1), deadline: .seconds(5)) { target in
      switch target.socket.port {
      case 1: throw HostError(.connectionRefused, "nobody")
      case 2: throw HostError(.timeout, "silence")
      default: throw NoiseError(.peerMismatch, "somebody else")
      }
    }
    func error(of addresses: String...) async throws -> HostError? {
      let targets = try addresses.map(Self.target)
      return await #expect(throws: HostError.self) { _ = try await race.run(targets) }
    }
    let mixed = try await error(of: "/ip4/192.0.2.1/tcp/1", "/ip4/192.0.2.2/tcp/2")
    #expect(mixed?.kind == .unreachable)
    #expect(mixed?.message.contains("/ip4/192.0.2.2/tcp/2: silence") == true)
    #expect(try await error(of: "/ip4/192.0.2.1/tcp/1", "/ip4/192.0.2.2/tcp/1")?.kind == .connectionRefused)
    #expect(try await error(of: "/ip4/192.0.2.1/tcp/2")?.kind == .timeout)
    let answered = try ["/ip6/2001:db8::1/tcp/1", "/ip4/192.0.2.1/tcp/3"].map(Self.target)
    await #expect(performing: { _ = try await race.run(answered) }, throws: code("noise.peer-mismatch"))
  }

  @Test("Back-off doubles from one second to five minutes, with jitter, and ends with success")
  func backoff() throws {
    var random = SeededGenerator(seed: 1)
    var backoff = DialBackoff()
    let peer = try PrivateKey.generate(.ed25519).peerID
    #expect(backoff.pause(peer, now: .start) == nil)
    for failure in 0..<20 {
      backoff.failed(peer, now: .start, using: &random)
      let pause = try #require(backoff.pause(peer, now: .start)) - .start
      let expected = min(Int64(1_000_000_000) << Int64(failure), 300_000_000_000)
      #expect((expected...expected * 5 / 4).contains(pause.nanoseconds))
    }
    #expect(backoff.pause(peer, now: .start + .seconds(376)) == nil)
    backoff.succeeded(peer)
    #expect(backoff.pause(peer, now: .start) == nil)
  }

  @Test("Observed addresses count when several networks agree, and lies are bounded")
  func observedAddresses() throws {
    var observed = ObservedAddresses()
    let own = try Multiaddr("/ip4/203.0.113.5/tcp/4001")
    for observer in ["/ip4/192.0.2.1/tcp/1", "/ip4/192.0.2.1/tcp/2", "/ip4/192.0.2.2/tcp/1"] {
      observed.report(own, by: try Multiaddr(observer))
    }
    #expect(observed.confirmed.isEmpty)
    observed.report(own, by: try Multiaddr("/ip4/192.0.2.3/tcp/1"))
    #expect(observed.confirmed == [own])
    let port = 10_000
    for lie in 0..<1_000 {
      observed.report(
        try Multiaddr("/ip4/203.0.113.6/tcp/\(port + lie)"), by: try Multiaddr("/ip4/192.0.2.9/tcp/1"))
      observed.report(try Multiaddr("/ip4/10.0.0.1/tcp/\(port + lie)"), by: try Multiaddr("/ip4/192.0.2.9/tcp/1"))
    }
    #expect(observed.confirmed == [own])
  }
}
