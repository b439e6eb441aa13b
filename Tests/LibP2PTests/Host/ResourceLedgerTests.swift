import NIOCore
import Testing

@testable import LibP2P

@Suite("S3 Resource limits")
struct ResourceLedgerTests {
  private static func peer() throws -> PeerID { try PrivateKey.generate(.ed25519).peerID }

  private static func limits(_ change: (inout ResourceLimits) -> Void) -> ResourceLimits {
    var limits = ResourceLimits()
    change(&limits)
    return limits
  }

  @Test("An amount is entered in every scope or in none")
  func allOrNothing() throws {
    let peer = try Self.peer()
    var ledger = ResourceLedger(limits: Self.limits { $0.peer.inboundStreams = 1 })
    _ = try ledger.reserve(.stream(.inbound), in: [.system, .peer(peer)])
    #expect(throws: ResourceLimitError.self) {
      try ledger.reserve(.stream(.inbound), in: [.system, .peer(peer)])
    }
    #expect(ledger[.system].inboundStreams == 1)
    _ = try ledger.reserve(.stream(.outbound), in: [.system, .peer(peer)])
  }

  @Test("Totals bind besides the bounds by direction, and the error names scope and resource")
  func totals() throws {
    var ledger = ResourceLedger(limits: Self.limits { $0.system.connections = 2 })
    _ = try ledger.reserve(.connection(.inbound), in: [.system])
    _ = try ledger.reserve(.connection(.outbound), in: [.system])
    let error = #expect(throws: ResourceLimitError.self) {
      try ledger.reserve(.connection(.inbound), in: [.system])
    }
    #expect(error?.code == "resource.connections")
    #expect(error?.message == "the limit of connections for the node is reached")
  }

  @Test("Scopes that hold nothing take no memory")
  func emptyScopes() throws {
    var ledger = ResourceLedger(limits: ResourceLimits())
    for _ in 0..<100 {
      let scopes: [ResourceScopeID] = [.system, .peer(try Self.peer())]
      let places = try ledger.reserve(.stream(.inbound), in: scopes)
      ledger.release(.stream(.inbound), at: places)
    }
    #expect(ledger.scopeCount == 0)
  }

  @Test("A scope keeps its place until the last amount is out, and leaves it to another one then")
  func places() throws {
    var ledger = ResourceLedger(limits: Self.limits { $0.peer.memory = 10 })
    let peers: [ResourceScopeID] = [.peer(try Self.peer()), .peer(try Self.peer())]
    let first = try ledger.reserve(ResourceUsage(inboundStreams: 1, memory: 4), in: [peers[0]])
    #expect(try ledger.reserve(ResourceUsage(memory: 4), in: [peers[0]]) == first)
    #expect(throws: ResourceLimitError.self) { try ledger.reserve(ResourceUsage(memory: 3), at: first) }
    ledger.release(ResourceUsage(memory: 8), at: first)
    #expect(ledger[peers[0]] == ResourceUsage(inboundStreams: 1))
    ledger.release(ResourceUsage(inboundStreams: 1), at: first)
    #expect(try ledger.reserve(ResourceUsage(memory: 10), in: [peers[1]]) == first)
    #expect(ledger[peers[0]] == ResourceUsage())
    #expect(ledger[peers[1]].memory == 10)
  }

  @Test("A connection moves from strangers to its peer, or stays where it is")
  func settling() throws {
    let peer = try Self.peer()
    let manager = ResourceManager(limits: Self.limits { $0.peer.connections = 1 })
    let address = try Multiaddr("/ip4/192.0.2.1/tcp/1")
    let first = try manager.connection(.inbound, remote: address)
    #expect(manager.usage(.transient).inboundConnections == 1)
    try first.settle(in: [.peer(peer)])
    #expect(manager.usage(.transient) == ResourceUsage())
    #expect(manager.usage(.peer(peer)).inboundConnections == 1)
    let second = try manager.connection(.inbound, remote: address)
    #expect(throws: ResourceLimitError.self) { try second.settle(in: [.peer(peer)]) }
    #expect(manager.usage(.transient).inboundConnections == 1)
    first.close()
    first.close()
    second.close()
    #expect(manager.usage(.system) == ResourceUsage())
  }

  @Test("What a forgotten scope held is given back")
  func forgottenScope() throws {
    let manager = ResourceManager(limits: ResourceLimits())
    let peer = try Self.peer()
    do { _ = try manager.stream(.inbound, peer: peer) }
    #expect(manager.usage(.peer(peer)) == ResourceUsage())
  }

  @Test("Memory is bounded by stream and by every scope above")
  func memory() throws {
    let peer = try Self.peer()
    let manager = ResourceManager(
      limits: Self.limits {
        $0.peer.memory = 100
        $0.stream.memory = 80
      })
    let one = try manager.stream(.inbound, peer: peer)
    let two = try manager.stream(.inbound, peer: peer)
    try one.hold(memory: 80)
    #expect(throws: ResourceLimitError.self) { try one.hold(memory: 81) }
    #expect(throws: ResourceLimitError.self) { try two.hold(memory: 21) }
    try two.hold(memory: 20)
    try one.hold(memory: 10)
    try two.hold(memory: 80)
    two.close()
    #expect(manager.usage(.peer(peer)).memory == 10)
  }

  @Test("One party is one IPv4 address or one IPv6 network of 56 bits, also when written as IPv6")
  func addressGroups() throws {
    func group(_ text: String) throws -> AddressGroup? { AddressGroup(try Multiaddr(text)) }
    #expect(try group("/ip4/192.0.2.1/tcp/1") == group("/ip4/192.0.2.1/tcp/2"))
    #expect(try group("/ip4/192.0.2.1/tcp/1") != group("/ip4/192.0.2.2/tcp/1"))
    #expect(try group("/ip6/2001:db8:0:aa00::1/tcp/1") == group("/ip6/2001:db8:0:aaff:1::2/tcp/1"))
    #expect(try group("/ip6/2001:db8:0:aa00::1/tcp/1") != group("/ip6/2001:db8:0:ab00::1/tcp/1"))
    #expect(try group("/ip6/::ffff:192.0.2.1/tcp/1") == group("/ip4/192.0.2.1/tcp/1"))
    #expect(try group("/dns/example.org/tcp/1") == nil)
  }

  @Test("A bucket gives its burst at once, then one token in each interval")
  func tokenBucket() {
    var bucket = TokenBucket(burst: 3, interval: .seconds(1))
    func take(_ milliseconds: Int64) -> Bool {
      bucket.take(now: NIODeadline.start + TimeAmount.milliseconds(milliseconds))
    }
    #expect([take(0), take(0), take(0), take(0)] == [true, true, true, false])
    #expect([take(999), take(1000), take(1001)] == [false, true, false])
    #expect([take(60_000), take(60_000), take(60_000), take(60_000)] == [true, true, true, false])
  }
}
