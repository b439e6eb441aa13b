import LibP2P
import Logging
import NIOCore
import ServiceLifecycle
import Testing

@testable import Protocols

@Suite("The stake gater", .timeLimit(.minutes(1)))
struct StakeGaterTests {
  private static let protocolID = "/stake-gater-test/1.0.0"

  /// A staked caller and a host that keeps a stream open and asks `stakes` about whoever connects.
  private func withHosts(
    allowing: Set<PeerID> = [], stakes: TableStakes, caller: PrivateKey, patience: Duration = .seconds(30),
    _ body: (_ caller: P2PHost, _ host: P2PHost) async throws -> Void
  ) async throws {
    var quiet = Logger(label: "test")
    quiet.logLevel = .critical
    let gater = StakeGater(stake: stakes, allowing: allowing, patience: patience, logger: quiet)
    let loopback = try Multiaddr("/ip4/127.0.0.1/tcp/0")
    func make(_ identity: PrivateKey, _ gater: any ConnectionGater) async throws -> P2PHost {
      var configuration = HostConfiguration(identity: identity)
      configuration.listenAddresses = [loopback]
      configuration.logger = quiet
      configuration.gater = gater
      let host = try P2PHost(configuration)
      // Answers one byte and then waits for what never comes.
      host.handle(Self.protocolID) { stream in
        try await stream.write(ByteBuffer(bytes: [1]))
        _ = try await stream.read()
      }
      try await host.start()
      return host
    }
    let calling = try await make(caller, OpenGater())
    let host = try await make(.generate(.ed25519), gater)
    gater.guard(host)
    let watching = Task { try await gater.run() }
    do {
      try await body(calling, host)
    } catch {
      watching.cancel()
      for host in [calling, host] { await host.shutdown() }
      throw error
    }
    watching.cancel()
    try await watching.value
    for host in [calling, host] { await host.shutdown() }
  }

  private func open(_ caller: P2PHost, _ host: P2PHost) async throws -> P2PStream {
    let stream = try await caller.openStream(to: host.peerID, [Self.protocolID], at: host.listenAddresses)
    let answer = try await stream.read(exactly: 1)
    #expect(answer == ByteBuffer(bytes: [1]))
    return stream
  }

  /// Until `condition` holds; the suite's limit ends a wait in vain.
  private func wait(until condition: () -> Bool) async throws {
    while !condition() { try await Task.sleep(for: .milliseconds(10)) }
  }

  @Test("S6 revoked stake closes the peer's connections with the streams on them, and it can't come back")
  func revocation() async throws {
    let caller = try PrivateKey.generate(.ed25519)
    let stakes = TableStakes(staked: [caller.peerID])
    try await withHosts(stakes: stakes, caller: caller) { calling, host in
      let stream = try await open(calling, host)
      try await wait(until: { stakes.watchers > 0 })
      stakes.revoke(caller.peerID)
      await #expect(throws: (any Error).self) { _ = try await stream.read() }
      try await wait(until: { host.peers.isEmpty && calling.peers.isEmpty })
      await #expect(throws: (any Error).self) { try await open(calling, host) }
    }
  }

  @Test("S6 who comes by itself is asked about as a stranger; whom this node calls is not")
  func strangers() async throws {
    let (caller, called) = (try PrivateKey.generate(.ed25519).peerID, try PrivateKey.generate(.ed25519).peerID)
    let stakes = TableStakes(staked: [caller, called])
    let gater = StakeGater(stake: stakes)
    let address = try Multiaddr("/ip4/127.0.0.1/tcp/4001")
    #expect(await gater.allowsConnection(with: called, at: address, .outbound))
    #expect(stakes.strangers.isEmpty)
    #expect(await gater.allowsConnection(with: caller, at: address, .inbound))
    #expect(stakes.strangers == [caller])
  }

  @Test("D-6 a peer without stake, or of whom nothing is known, gets no connection", arguments: [true, false])
  func unstaked(isUnknown: Bool) async throws {
    let caller = try PrivateKey.generate(.ed25519)
    let stakes = TableStakes()
    if isUnknown { stakes.set(caller.peerID, .unknown("no endpoint")) }
    try await withHosts(stakes: stakes, caller: caller) { calling, host in
      await #expect(throws: (any Error).self) { try await open(calling, host) }
      #expect(host.peers.isEmpty && stakes.questions > 0)
    }
  }

  @Test("A peer on the list needs no stake, and nothing revokes it")
  func allowed() async throws {
    let caller = try PrivateKey.generate(.ed25519)
    let stakes = TableStakes()
    try await withHosts(allowing: [caller.peerID], stakes: stakes, caller: caller) { calling, host in
      _ = try await open(calling, host)
      try await wait(until: { stakes.watchers > 0 })
      stakes.revoke(caller.peerID)
      _ = try await open(calling, host)
      #expect(stakes.questions == 0)
    }
  }

  @Test("A question that takes too long is a no")
  func slow() async throws {
    let caller = try PrivateKey.generate(.ed25519)
    let gater = StakeGater(stake: SilentStakes(), patience: .milliseconds(20))
    let address = try Multiaddr("/ip4/127.0.0.1/tcp/1")
    #expect(await gater.allowsConnection(with: caller.peerID, at: address, .inbound) == false)
  }

  @Test("Stake that is gone when the stream of revocations begins anew is noticed")
  func streamEnds() async throws {
    let caller = try PrivateKey.generate(.ed25519)
    let stakes = TableStakes(staked: [caller.peerID])
    try await withHosts(stakes: stakes, caller: caller) { calling, host in
      _ = try await open(calling, host)
      try await wait(until: { stakes.watchers > 0 })
      stakes.set(caller.peerID, .notStaked)
      stakes.endRevocations()
      try await wait(until: { host.peers.isEmpty })
    }
  }
}

/// Never answers, until the asker gives up.
private struct SilentStakes: StakeVerifier {
  func standing(of peer: PeerID, atLeast minimum: NodeClass) async -> Standing {
    do { try await Task.sleep(for: .seconds(600)) } catch {}
    return .staked
  }

  func revocations() -> AsyncStream<PeerID> { AsyncStream { $0.finish() } }
}
