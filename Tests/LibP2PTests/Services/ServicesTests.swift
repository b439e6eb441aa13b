import NIOCore
import Testing

@testable import LibP2P

@Suite("Services on hosts", .timeLimit(.minutes(2)))
struct ServicesTests {
  @Test("Both ends of a new connection learn who the other is, unasked")
  func identify() async throws {
    try await TestServices.with(2) { services in
      let connection = try await services[0].connect(to: services[1])
      for (left, right) in [(0, 1), (1, 0)] {
        let (here, there) = (services[left], services[right])
        #expect(try await TestHosts.eventually { here.store.identity(of: there.host.peerID) != nil })
        let message = try #require(here.store.identity(of: there.host.peerID))
        #expect(message.agentVersion == "test/\(right)")
        #expect(message.publicKey == there.host.configuration.identity.publicKey)
        #expect(message.protocols == there.host.protocols && message.protocols.contains(PingService.protocolID))
        #expect(message.listenAddresses == there.host.listenAddresses)
        #expect(message.observedAddress?.tcpEndpoint != nil && message.observedAddress?.peerID == nil)
        #expect(here.store.addresses(of: there.host.peerID).contains(there.host.listenAddresses[0]))
      }
      connection.close()
      #expect(try await TestHosts.eventually { services[1].store.identity(of: services[0].host.peerID) == nil })
    }
  }

  @Test("A push tells connected peers of a new protocol")
  func push() async throws {
    try await TestServices.with(2) { services in
      _ = try await services[0].connect(to: services[1])
      let peer = services[1].host.peerID
      #expect(try await TestHosts.eventually { services[0].store.identity(of: peer) != nil })
      #expect(try await TestHosts.eventually { services[1].store.identity(of: services[0].host.peerID) != nil })
      services[1].host.handle("/new/1") { _ in }
      await services[1].identify.push()
      #expect(
        try await TestHosts.eventually { services[0].store.identity(of: peer)?.protocols.contains("/new/1") == true })
    }
  }

  @Test("Identify DoS: a peer that floods pushes is heard a few times, and stays a peer otherwise")
  func pushFlood() async throws {
    try await TestServices.with(2) { services in
      let connection = try await services[0].connect(to: services[1])
      let body = FrameDecoder.frame(IdentifyMessage().body)
      var refused = 0
      for _ in 0..<200 {
        do {
          let stream = try await connection.openStream([IdentifyService.pushProtocolID])
          try await stream.write(body)
          stream.closeWrite()
          _ = try await stream.read()
        } catch {
          refused += 1
        }
      }
      #expect((100..<200).contains(refused))
      var ping = try await services[0].ping.open(connection)
      _ = try await ping.roundTrip()
    }
  }

  @Test("Identify DoS: an answer that drips is given up by its deadline, however often a byte comes")
  func drippingIdentify() async throws {
    let victim = try await TestHosts.make { $0.timeouts.identify = .milliseconds(500) }
    let services = PeerServices(victim)
    let dripper = try await TestHosts.make()
    dripper.handle(IdentifyService.protocolID) { stream in
      // A message of 100 bytes that would take ten seconds.
      for byte in [100] + [UInt8](repeating: 0, count: 100) {
        try await stream.write(ByteBuffer(bytes: [byte]))
        try await Task.sleep(for: .milliseconds(100))
      }
    }
    let connection = try await victim.connect(to: dripper)
    await #expect(performing: { try await services.identify.identify(connection) }, throws: code("stream.deadline"))
    await victim.shutdown()
    await dripper.shutdown()
  }

  @Test("A peer that asks who this node is again and again is refused in the end, and stays a peer otherwise")
  func identifyBudget() async throws {
    try await TestServices.with(2) { services in
      let connection = try await services[0].connect(to: services[1])
      var refused = false
      for _ in 0..<10 * IdentifyService.answerBurst where !refused {
        do { try await services[0].identify.identify(connection) } catch { refused = true }
      }
      #expect(refused)
      var ping = try await services[0].ping.open(connection)
      _ = try await ping.roundTrip()
    }
  }

  @Test("py-libp2p 0.6, which can open 256 streams on a connection, gets a new one before that")
  func leakyPeer() async throws {
    try await TestServices.with(2, configure: { if $0 == 1 { $2.agentVersion = "py-libp2p/0.6.0" } }) { services in
      let (host, leaky) = (services[0].host, services[1].host)
      _ = try await services[1].connect(to: services[0])
      #expect(try await TestHosts.eventually { services[0].store.identity(of: leaky.peerID) != nil })
      var streams: [UInt64: Int] = [:]
      var answered = 0
      while answered < 600 {
        // A call that crosses the end of a connection fails, and is made again.
        guard let stream = try? await leaky.openStream(to: host, EchoProtocol.id) else { continue }
        streams[stream.connection.id, default: 0] += 1
        if (try? await EchoProtocol.call(stream, ByteBuffer(bytes: [1]))) != nil { answered += 1 }
        stream.close()
      }
      #expect(streams.count >= 3)
      // The last call of a connection is the one that learns of its end.
      #expect(streams.values.allSatisfy { $0 <= PeerServices.streamsOfLeakyPeer + 1 })
    }
  }

  @Test("Identify answers whoever asks, also one that never reads or ends")
  func stalledIdentify() async throws {
    try await TestServices.with(2) { services in
      let connection = try await services[0].connect(to: services[1])
      for _ in 0..<50 { _ = try await connection.openStream([IdentifyService.protocolID]) }
      #expect(try await services[0].identify.identify(connection).agentVersion == "test/1")
    }
  }

  @Test("Pings go to and fro on one stream; a third stream at a time is refused")
  func ping() async throws {
    try await TestServices.with(2) { services in
      let connection = try await services[0].connect(to: services[1])
      var first = try await services[0].ping.open(connection)
      var second = try await services[0].ping.open(connection)
      for _ in 0..<100 {
        #expect(try await first.roundTrip() > .nanoseconds(0))
        #expect(try await second.roundTrip() > .nanoseconds(0))
      }
      var third = try await services[0].ping.open(connection)
      await #expect(throws: (any Error).self) { _ = try await third.roundTrip() }
      _ = try await first.roundTrip()
    }
  }

  @Test("A peer is called by its id alone: a bootstrap peer that both know tells where it is")
  func findThroughBootstrap() async throws {
    try await TestServices.with(
      3,
      configure: { index, before, configuration in
        if index > 0 { configuration.bootstrap = before.prefix(1).compactMap(\.addressWithPeer) }
      }
    ) { services in
      let wanted = services[2].host.peerID
      #expect(try await TestHosts.eventually { services[0].store.addresses(of: wanted) != [] })
      #expect(try await TestHosts.eventually { services[1].kademlia.routingTableCount > 0 })
      let stream = try await services[1].host.openStream(to: wanted, [EchoProtocol.id])
      #expect(try await EchoProtocol.call(stream, ByteBuffer(string: "hello")) == ByteBuffer(string: "hello"))
    }
  }

  @Test("A peer that only asks is found as well, for the bootstrap peer has met it")
  func findClient() async throws {
    try await TestServices.with(
      3,
      configure: { index, before, configuration in
        if index > 0 { configuration.bootstrap = before.prefix(1).compactMap(\.addressWithPeer) }
        if index == 2 { configuration.kademlia = .client }
      }
    ) { services in
      let wanted = services[2].host.peerID
      #expect(try await TestHosts.eventually { services[0].store.addresses(of: wanted) != [] })
      #expect(try await TestHosts.eventually { services[1].kademlia.routingTableCount > 0 })
      let found = try await services[1].kademlia.find(wanted)
      #expect(found == services[2].host.listenAddresses)
      #expect(services[0].kademlia.routingTableCount == 1)
    }
  }

  @Test("A peer that nobody knows is reported as not found")
  func notFound() async throws {
    try await TestServices.with(2) { services in
      _ = try await services[0].connect(to: services[1])
      #expect(try await TestHosts.eventually { services[0].kademlia.routingTableCount > 0 })
      let stranger = try PrivateKey.generate(.ed25519).peerID
      await #expect(performing: { _ = try await services[0].host.connect(to: stranger) }, throws: code("kad.not-found"))
    }
  }

  @Test("A bootstrap peer that comes back is connected again")
  func bootstrapReturns() async throws {
    try await TestServices.with(
      2,
      configure: { index, before, configuration in
        if index > 0 { configuration.bootstrap = before.prefix(1).compactMap(\.addressWithPeer) }
      }
    ) { services in
      let peer = services[0].host.peerID
      #expect(try await TestHosts.eventually { !services[1].host.connections(with: peer).isEmpty })
      let first = try #require(services[1].host.connections(with: peer).first)
      first.close()
      #expect(
        try await TestHosts.eventually { services[1].host.connections(with: peer).contains { $0.id != first.id } })
    }
  }

  @Test("A peer provides a key for itself and for nobody else")
  func providers() async throws {
    try await TestServices.with(2) { services in
      let connection = try await services[0].connect(to: services[1])
      let stranger = try PrivateKey.generate(.ed25519).peerID
      let address = try Multiaddr("/ip4/127.0.0.1/tcp/1")
      var word = KademliaMessage(.addProvider, key: [1, 2, 3])
      word.providers = [
        .init(stranger, addresses: [address]),
        .init(services[0].host.peerID, addresses: services[0].host.listenAddresses),
      ]
      let stream = try await connection.openStream([KademliaService.protocolID])
      try await stream.write(FrameDecoder.frame(word.body))
      #expect(try await Self.answer(stream) == KademliaMessage(.addProvider, key: [1, 2, 3]))

      // A third peer asks, for nobody is told of itself.
      try await TestServices.with(1) { asker in
        let connection = try await asker[0].connect(to: services[1])
        let stream = try await connection.openStream([KademliaService.protocolID])
        try await stream.write(FrameDecoder.frame(KademliaMessage(.getProviders, key: [1, 2, 3]).body))
        #expect(try await Self.answer(stream).providers.map(\.id) == [services[0].host.peerID])
      }
    }
  }

  private static func answer(_ stream: P2PStream) async throws -> KademliaMessage {
    var frames = FrameDecoder(maximumLength: KademliaMessage.maximumLength)
    while let bytes = try await stream.read() {
      frames.append(bytes)
      if let frame = try frames.next() { return try KademliaMessage(body: [UInt8](buffer: frame)) }
    }
    throw KademliaError(.noAnswer, "the stream ended")
  }

  @Test("Kademlia requests beyond the budget are refused, unreadable ones at once; others go on")
  func kademliaFlood() async throws {
    try await TestServices.with(3) { services in
      let connection = try await services[0].connect(to: services[1])
      let request = FrameDecoder.frame(KademliaMessage(.ping).body)
      let stream = try await connection.openStream([KademliaService.protocolID])
      await #expect(throws: (any Error).self) {
        for _ in 0..<1_000 {
          try await stream.write(request)
          _ = try await stream.read()
        }
      }
      let garbage = try await connection.openStream([KademliaService.protocolID])
      try await garbage.write(ByteBuffer(bytes: [0x02, 0xff, 0xff]))
      await #expect(throws: (any Error).self) { _ = try await garbage.read() }

      let honest = try await services[2].connect(to: services[1])
      let served = try await honest.openStream([KademliaService.protocolID])
      for _ in 0..<3 {
        try await served.write(request)
        #expect(try await served.read() == request)
      }
    }
  }
}
