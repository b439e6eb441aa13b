import NIOCore
import NIOPosix
import Testing

@testable import LibP2P

@Suite("Host", .timeLimit(.minutes(2)))
struct P2PHostTests {
  @Test("A protocol that is served already can be claimed by nobody else")
  func claiming() async throws {
    let host = try await TestHosts.make(listening: false)
    #expect(host.handleIfFree("/test/1") { _ in } && !host.handleIfFree("/test/1") { _ in })
    host.stopHandling("/test/1")
    #expect(host.handleIfFree("/test/1") { _ in })
    await host.shutdown()
  }

  @Test("A stream carries bytes both ways and ends orderly")
  func echo() async throws {
    try await TestHosts.with(2) { hosts in
      let stream = try await hosts[0].openStream(to: hosts[1], EchoProtocol.id)
      let bytes = ByteBuffer(bytes: 0..<200)
      #expect(try await EchoProtocol.call(stream, bytes) == bytes)
      stream.closeWrite()
      #expect(try await stream.read() == nil)
      #expect(stream.peer == hosts[1].peerID)
    }
  }

  @Test("Large transfers arrive whole in both directions")
  func transfers() async throws {
    try await TestHosts.with(2) { hosts in
      let count: UInt64 = 24 << 20
      let blast = try await hosts[0].openStream(to: hosts[1], BlastProtocol.id)
      let received = try await BlastProtocol.call(blast, count: count)
      #expect(received == (count, BlastProtocol.digest(count: count)))
      let sink = try await hosts[0].openStream(to: hosts[1], SinkProtocol.id)
      #expect(try await SinkProtocol.call(sink, count: count))
    }
  }

  @Test("One connection serves both directions; a host that does not listen is callable over it")
  func calledBack() async throws {
    let caller = try await TestHosts.make(listening: false)
    let listener = try await TestHosts.make()
    #expect(caller.listenAddresses.isEmpty)
    let connection = try await caller.connect(to: listener)
    #expect(try await TestHosts.eventually { listener.peers == [caller.peerID] })
    let back = try await listener.openStream(to: caller.peerID, [EchoProtocol.id])
    #expect(try await EchoProtocol.call(back, ByteBuffer(string: "back")) == ByteBuffer(string: "back"))
    #expect(try await caller.connect(to: listener).id == connection.id)
    #expect(listener.connections(with: caller.peerID).map(\.direction) == [.inbound])
    back.close()
    await caller.shutdown()
    await listener.shutdown()
  }

  @Test("Callers at the same time share one dial")
  func sharedDial() async throws {
    try await TestHosts.with(2) { hosts in
      let ids = try await withThrowingTaskGroup(of: UInt64.self) { group in
        for _ in 0..<20 { group.addTask { try await hosts[0].connect(to: hosts[1]).id } }
        return try await group.reduce(into: Set()) { $0.insert($1) }
      }
      #expect(ids.count == 1)
    }
  }

  @Test("Simultaneous dials end in one connection, the same one for both")
  func simultaneousDials() async throws {
    try await TestHosts.with(2, configure: { $1.timeouts.supersededIdle = .milliseconds(200) }) { hosts in
      let (left, right) = (hosts[0], hosts[1])
      async let there = left.connect(to: right)
      async let back = right.connect(to: left)
      _ = try await (there, back)
      #expect(
        try await TestHosts.eventually {
          left.connections(with: right.peerID).count == 1 && right.connections(with: left.peerID).count == 1
        })
      let kept = try #require(left.connections(with: right.peerID).first)
      #expect(!kept.isRetired)
      let stream = try await right.openStream(to: left, EchoProtocol.id)
      #expect(try await EchoProtocol.call(stream, ByteBuffer(string: "x")) == ByteBuffer(string: "x"))
    }
  }

  @Test("A protocol that nobody serves is refused by name, and the connection lives on")
  func unsupportedProtocol() async throws {
    try await TestHosts.with(2) { hosts in
      await #expect(
        performing: { _ = try await hosts[0].openStream(to: hosts[1], "/nothing/1") },
        throws: code("negotiation.unsupported"))
      let stream = try await hosts[0].openStream(to: hosts[1], EchoProtocol.id)
      #expect(try await EchoProtocol.call(stream, ByteBuffer(string: "x")).readableBytes == 1)
    }
  }

  @Test("The first protocol that the peer speaks is chosen; a rule serves what no id names")
  func protocolChoice() async throws {
    try await TestHosts.with(2) { hosts in
      hosts[1].handle(rule: "calls", matching: { $0.hasPrefix("Example.") }) { stream in
        try await stream.write(ByteBuffer(string: stream.protocolID))
      }
      let connection = try await hosts[0].connect(to: hosts[1])
      let stream = try await connection.openStream(["/nothing/1", "Example.rpc_square", EchoProtocol.id])
      #expect(stream.protocolID == "Example.rpc_square")
      #expect(try await stream.read() == ByteBuffer(string: "Example.rpc_square"))
      #expect(try await stream.read() == nil)
    }
  }

  @Test("A protocol the peer is known to speak needs no round trip; a wrong assumption fails the first read")
  func assumedProtocol() async throws {
    try await TestHosts.with(2) { hosts in
      let connection = try await hosts[0].connect(to: hosts[1])
      let stream = try await connection.openStream([EchoProtocol.id], assumed: true)
      #expect(try await EchoProtocol.call(stream, ByteBuffer(string: "early")) == ByteBuffer(string: "early"))
      let wrong = try await connection.openStream(["/nothing/1"], assumed: true)
      // The refusal may be here already.
      try? await wrong.write(ByteBuffer(repeating: 1, count: 100))
      await #expect(performing: { _ = try await wrong.read() }, throws: code("negotiation.unsupported"))
    }
  }

  @Test("Another peer at the address is refused, with both ids")
  func wrongPeer() async throws {
    try await TestHosts.with(2) { hosts in
      let stranger = try PrivateKey.generate(.ed25519).peerID
      await #expect(
        performing: { _ = try await hosts[0].connect(to: stranger, at: hosts[1].listenAddresses) },
        throws: code("noise.peer-mismatch"))
    }
  }

  @Test("Nobody listens: refused; then the peer is left alone for a while")
  func unreachable() async throws {
    try await TestHosts.with(2) { hosts in
      let address = hosts[1].listenAddresses
      await hosts[1].shutdown()
      await #expect(
        performing: { _ = try await hosts[0].connect(to: hosts[1].peerID, at: address) },
        throws: code("host.connection-refused"))
      await #expect(
        performing: { _ = try await hosts[0].connect(to: hosts[1].peerID, at: address) },
        throws: code("host.backoff"))
    }
  }

  @Test("A host does not dial itself, nor addresses it has no transport for")
  func undialable() async throws {
    try await TestHosts.with(1) { hosts in
      await #expect(performing: { _ = try await hosts[0].connect(to: hosts[0]) }, throws: code("host.self"))
      let key = try PrivateKey.generate(.ed25519)
      await #expect(
        performing: {
          _ = try await hosts[0].connect(to: key.peerID, at: [Multiaddr("/ip4/127.0.0.1/udp/1/quic-v1")])
        }, throws: code("host.no-address"))
      let address = try #require(hosts[0].listenAddresses.first)
      await #expect(performing: { _ = try await hosts[0].connect(at: address) }, throws: code("host.self"))
    }
  }

  @Test("Names are resolved, and the first address that answers wins")
  func namesAndSeveralAddresses() async throws {
    try await TestHosts.with(2) { hosts in
      let address = try #require(hosts[1].listenAddresses.first)
      guard case .tcp(let port)? = address.components.last else { return }
      let addresses = [
        try Multiaddr("/ip4/127.0.0.1/tcp/1"), try Multiaddr("/dns4/localhost/tcp/\(port)"),
      ]
      let connection = try await hosts[0].connect(to: hosts[1].peerID, at: addresses)
      #expect(connection.peer == hosts[1].peerID)
    }
  }

  @Test("The muxer is negotiated when the handshake did not choose it, under either security id")
  func lateMuxer() async throws {
    for (dialer, listener) in [(true, false), (false, true), (false, false)] {
      try await TestHosts.with(
        2,
        configure: { index, configuration in
          configuration.offersEarlyMuxer = index == 0 ? dialer : listener
          configuration.security.reverse()
        }
      ) { hosts in
        let stream = try await hosts[0].openStream(to: hosts[1], EchoProtocol.id)
        #expect(stream.connection.security == "/pos-transport/1.0.0")
        #expect(try await EchoProtocol.call(stream, ByteBuffer(string: "x")).readableBytes == 1)
      }
    }
  }

  @Test("Connections beyond the high mark are closed, but not those of protected peers")
  func trimming() async throws {
    try await TestHosts.with(
      6,
      configure: { index, configuration in
        guard index == 0 else { return }
        (configuration.lowWatermark, configuration.highWatermark) = (2, 3)
        (configuration.trimGrace, configuration.timeouts.supersededIdle) = (.zero, .milliseconds(50))
      }
    ) { hosts in
      let friend = hosts[1].peerID
      hosts[0].protect(friend, tag: "validator")
      for caller in hosts.dropFirst() {
        _ = try await caller.connect(to: hosts[0])
        #expect(try await TestHosts.eventually { hosts[0].peers.contains(caller.peerID) })
      }
      #expect(try await TestHosts.eventually { hosts[0].peers.count <= 3 })
      #expect(hosts[0].peers.contains(friend))
    }
  }

  @Test("Shutdown lets a stream finish")
  func shutdown() async throws {
    try await TestHosts.with(2, configure: { $1.timeouts.shutdown = .minutes(10) }) { hosts in
      let finishing = try await hosts[0].openStream(to: hosts[1], EchoProtocol.id)
      _ = try await EchoProtocol.call(finishing, ByteBuffer(string: "x"))
      async let stopped: Void = hosts[1].shutdown()
      // The host has said that it takes no more streams.
      #expect(try await TestHosts.eventually(within: .seconds(60)) { finishing.connection.isRetired })
      #expect(try await EchoProtocol.call(finishing, ByteBuffer(string: "y")) == ByteBuffer(string: "y"))
      finishing.closeWrite()
      #expect(try await finishing.read() == nil)
      await stopped
      #expect(try await TestHosts.eventually { hosts[0].peers.isEmpty })
    }
  }

  @Test("Shutdown ends the streams that do not finish in time")
  func shutdownInTime() async throws {
    try await TestHosts.with(2, configure: { $1.timeouts.shutdown = .milliseconds(100) }) { hosts in
      let staying = try await hosts[0].openStream(to: hosts[1], EchoProtocol.id)
      _ = try await EchoProtocol.call(staying, ByteBuffer(string: "x"))
      await hosts[1].shutdown()
      await #expect(throws: StreamError.self) { _ = try await staying.read() }
    }
  }

  @Test("A handler runs where it says, and the host's watchers see streams only if they want to")
  func placement() async throws {
    try await TestHosts.with(2) { hosts in
      var events = hosts[1].events(includesStreams: false).makeAsyncIterator()
      for (id, placement) in [("/loop/1", HandlerPlacement.eventLoop), ("/pool/1", .pool)] {
        hosts[1].handle(id, on: placement) { stream in
          try await stream.write(ByteBuffer(bytes: [MultiThreadedEventLoopGroup.currentEventLoop == nil ? 0 : 1]))
        }
      }
      let onLoop = try await hosts[0].openStream(to: hosts[1], "/loop/1")
      #expect(try await onLoop.read(exactly: 1) == ByteBuffer(bytes: [1]))
      let onPool = try await hosts[0].openStream(to: hosts[1], "/pool/1")
      #expect(try await onPool.read(exactly: 1) == ByteBuffer(bytes: [0]))
      guard case .connected? = await events.next() else {
        Issue.record("no connection event")
        return
      }
      onPool.connection.close()
      guard case .disconnected? = await events.next() else {
        Issue.record("a stream was told of")
        return
      }
    }
  }

  @Test("Events tell of connections and streams")
  func events() async throws {
    try await TestHosts.with(2) { hosts in
      var events = hosts[1].events().makeAsyncIterator()
      let stream = try await hosts[0].openStream(to: hosts[1], EchoProtocol.id)
      guard case .connected(let connection)? = await events.next() else {
        Issue.record("no connection event")
        return
      }
      #expect(connection.peer == hosts[0].peerID)
      guard case .streamOpened(_, EchoProtocol.id, .inbound)? = await events.next() else {
        Issue.record("no stream event")
        return
      }
      stream.connection.close()
      guard case .disconnected(let gone, _)? = await events.next() else {
        Issue.record("no end event")
        return
      }
      #expect(gone.id == connection.id)
    }
  }
}
