import Foundation
import NIOCore
import Testing

@testable import LibP2P

@Suite("The control socket", .serialized)
struct ControlSocketTests {
  // MARK: Who the node is, and its peers

  @Test("P-57: a client has its node's peer id and addresses")
  func identity() async throws {
    try await ControlPair.with { pair in
      let client = try await pair.client()
      #expect(client.peerID == pair.node.peerID)
      let identity = try await client.identify()
      #expect(identity.id == pair.node.peerID)
      #expect(identity.addresses == pair.node.listenAddresses)
    }
  }

  @Test("Issue 5: connect, list and disconnect reach the host, and say in words what fails")
  func peers() async throws {
    try await ControlPair.with { pair in
      let client = try await pair.client()
      #expect(try await client.listPeers().map(\.id) == [pair.peer.peerID])
      try await client.disconnect(pair.peer.peerID)
      #expect(try await TestHosts.eventually { pair.node.peers.isEmpty })
      #expect(try await client.listPeers().isEmpty)
      try await client.connect(to: pair.peer.peerID, at: pair.peer.listenAddresses)
      #expect(pair.node.peers == [pair.peer.peerID])

      await #expect(
        performing: { try await client.connect(to: pair.node.peerID, at: pair.node.listenAddresses) },
        throws: { ($0 as? ControlError)?.text?.contains("dial to self attempted") == true })
      await #expect(
        performing: { try await client.connect(to: ControlTestKeys.peer, at: []) },
        throws: { ($0 as? ControlError)?.kind == .refused })
    }
  }

  // MARK: Unary calls

  @Test("P-5 P-8: a peer calls a client's unary handler, which learns who calls")
  func inboundCall() async throws {
    try await ControlPair.with { pair in
      let client = try await pair.client()
      try await client.addUnaryHandler("Example.rpc_echo") { call in
        ByteBuffer(string: "\(call.peer) \(call.protocolID) \(String(buffer: call.body))")
      }
      #expect(pair.control.handledProtocols == ["Example.rpc_echo"])
      let result = try await pair.callFromPeer("Example.rpc_echo", "hello")
      #expect(result?.body == Data("\(pair.peer.peerID) Example.rpc_echo hello".utf8))
    }
  }

  @Test("P-3: a client calls a handler of a peer, gets its answer and its errors")
  func outboundCall() async throws {
    try await ControlPair.with { pair in
      try await ControlPair.withControl(of: pair.peer) { far in
        try await far.addUnaryHandler("Example.rpc_square") { call in
          guard let number = Int(String(buffer: call.body)) else { throw ControlHandlerError("ValueError('unlucky')") }
          return ByteBuffer(string: "\(number * number)")
        }
        try await far.addUnaryHandler("Example.rpc_broken") { _ in throw StreamError(.closed, "internal") }
        let client = try await pair.client()
        let answer = try await client.call(pair.peer.peerID, "Example.rpc_square", ByteBuffer(string: "12"))
        #expect(String(buffer: answer) == "144")
        await #expect(
          performing: {
            try await client.call(pair.peer.peerID, "Example.rpc_square", ByteBuffer(string: "twelve"))
          },
          throws: { ($0 as? ControlError)?.kind == .handler && ($0 as? ControlError)?.text == "ValueError('unlucky')" })
        await #expect(
          performing: { try await client.call(pair.peer.peerID, "Example.rpc_broken", ByteBuffer()) },
          throws: { ($0 as? ControlError)?.text == "RuntimeError('internal error')" })
        await #expect(
          performing: { try await client.call(pair.peer.peerID, "Example.rpc_missing", ByteBuffer()) },
          throws: {
            ($0 as? ControlError)?.text?.hasPrefix(
              "failed to negotiate protocol: protocols not supported: [Example.rpc_missing]") == true
          })
        await #expect(
          performing: { try await client.call(pair.node.peerID, "Example.rpc_square", ByteBuffer()) },
          throws: { ($0 as? ControlError)?.text?.contains("dial to self attempted") == true })
      }
    }
  }

  @Test("P-52: 200 calls are under way at once, and each gets its own answer")
  func manyCalls() async throws {
    try await ControlPair.with { pair in
      try await ControlPair.withControl(of: pair.peer) { far in
        let running = Tally()
        try await far.addUnaryHandler("Example.rpc_wait") { call in
          await running.add("began")
          _ = try await running.reaches(200)
          return call.body
        }
        let client = try await pair.client()
        let answers = try await withThrowingTaskGroup(of: (Int, String).self) { group in
          for number in 0..<200 {
            group.addTask {
              let body = ByteBuffer(string: "\(number)")
              return (number, String(buffer: try await client.call(pair.peer.peerID, "Example.rpc_wait", body)))
            }
          }
          return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        #expect(answers.count == 200)
        #expect(answers.allSatisfy { "\($0.key)" == $0.value })
      }
    }
  }

  @Test("Issue 5: cancelling a call cancels the handler at the peer, and its place is free again")
  func cancellation() async throws {
    try await ControlPair.with { pair in
      try await ControlPair.withControl(of: pair.peer) { far in
        let events = Tally()
        try await far.addUnaryHandler("Example.rpc_forever") { _ in
          await events.add("began")
          do {
            try await Task.sleep(for: .seconds(600))
          } catch {
            await events.add("cancelled")
            throw error
          }
          return ByteBuffer()
        }
        let client = try await pair.client()
        let call = Task { try await client.call(pair.peer.peerID, "Example.rpc_forever", ByteBuffer()) }
        #expect(try await events.reaches(1))
        call.cancel()
        #expect(try await events.reaches(2))
        #expect(await events.entries == ["began", "cancelled"])
        await #expect(throws: CancellationError.self, performing: { try await call.value })
        #expect(try await TestHosts.eventually { client.link.callCount == 0 })
      }
    }
  }

  @Test("A caller that gives up cancels the client's handler")
  func callerGone() async throws {
    try await ControlPair.with { pair in
      let events = Tally()
      let client = try await pair.client()
      try await client.addUnaryHandler("Example.rpc_forever") { _ in
        await events.add("began")
        do {
          try await Task.sleep(for: .seconds(600))
        } catch {
          await events.add("cancelled")
          throw error
        }
        return ByteBuffer()
      }
      let stream = try await pair.peer.openStream(to: pair.node, "Example.rpc_forever")
      try await stream.write(ControlPair.request("Example.rpc_forever", ""))
      #expect(try await events.reaches(1))
      stream.reset()
      #expect(try await events.reaches(2))
      #expect(await events.entries == ["began", "cancelled"])
    }
  }

  @Test("P-59: balanced clients share the calls in turns; the second one that doesn't balance is refused")
  func balancing() async throws {
    try await ControlPair.with { pair in
      let calls = Tally()
      let (first, second) = (try await pair.client(), try await pair.client())
      for (client, name) in [(first, "first"), (second, "second")] {
        try await client.addUnaryHandler("Example.rpc_shared", balanced: true) { _ in
          await calls.add(name)
          return ByteBuffer(string: name)
        }
      }
      await #expect(
        performing: { try await pair.client().addUnaryHandler("Example.rpc_shared") { $0.body } },
        throws: { ($0 as? ControlError)?.text == "handler for protocol Example.rpc_shared already set" })
      for _ in 0..<10 { _ = try await pair.callFromPeer("Example.rpc_shared", "") }
      #expect(await calls.count("first") == 5)
      #expect(await calls.count("second") == 5)
      first.close()
      #expect(try await TestHosts.eventually { pair.control.connectionCount == 1 })
      for _ in 0..<3 { #expect(try await pair.callFromPeer("Example.rpc_shared", "")?.body == Data("second".utf8)) }
    }
  }

  @Test("P-21 P-62: a handler that is removed is gone, and so are those of a client that ended; the name is free")
  func removal() async throws {
    try await ControlPair.with { pair in
      let client = try await pair.client()
      try await client.addUnaryHandler("Example.rpc_a") { $0.body }
      try await client.addUnaryHandler("Example.rpc_b") { $0.body }
      try await client.removeUnaryHandler("Example.rpc_a")
      #expect(pair.control.handledProtocols == ["Example.rpc_b"])
      await #expect(throws: NegotiationError.self, performing: { try await pair.callFromPeer("Example.rpc_a", "") })
      client.close()
      #expect(try await TestHosts.eventually { pair.control.handledProtocols.isEmpty })
      let next = try await pair.client()
      try await next.addUnaryHandler("Example.rpc_b") { _ in ByteBuffer(string: "next") }
      #expect(try await pair.callFromPeer("Example.rpc_b", "")?.body == Data("next".utf8))
    }
  }

  @Test("The node's own protocols can't be taken by a client")
  func ownProtocols() async throws {
    try await ControlPair.with { pair in
      let client = try await pair.client()
      await #expect(
        performing: { try await client.addUnaryHandler(EchoProtocol.id, balanced: true) { $0.body } },
        throws: { ($0 as? ControlError)?.text == "handler for protocol \(EchoProtocol.id) already set" })
    }
  }

  // MARK: Streams

  @Test("Issue 5: a client's stream carries bytes both ways and both ends, 8 MiB of them")
  func outboundStream() async throws {
    try await ControlPair.with { pair in
      let client = try await pair.client()
      let stream = try await client.openStream(to: pair.peer.peerID, [EchoProtocol.id])
      #expect(stream.peer == pair.peer.peerID)
      #expect(stream.protocolID == EchoProtocol.id)
      var pattern = BytePattern()
      let pieces = (0..<140).map { _ in pattern.next(upTo: .max) }
      let total = pieces.reduce(0) { $0 + $1.readableBytes }
      async let sending: Void = {
        for piece in pieces { try await stream.write(piece) }
        stream.closeWrite()
      }()
      var received = ByteBuffer()
      while var bytes = try await stream.read() { received.writeBuffer(&bytes) }
      try await sending
      #expect(received.readableBytes == total)
      var expected = BytePattern()
      while received.readableBytes > 0 {
        let piece = expected.next(upTo: UInt64(received.readableBytes))
        #expect(received.readSlice(length: piece.readableBytes) == piece)
      }
      stream.close()
      #expect(try await TestHosts.eventually { pair.control.connectionCount == 1 })
    }
  }

  @Test("Issue 5: a peer's stream reaches a client's handler, and ends when the handler has answered")
  func inboundStream() async throws {
    try await ControlPair.with { pair in
      let client = try await pair.client()
      try await client.addStreamHandler("Example.rpc_stream") { stream in
        let name = try await stream.read(exactly: 5)
        try await stream.write(ByteBuffer(string: "\(stream.peer) \(String(buffer: name))"))
      }
      let stream = try await pair.peer.openStream(to: pair.node, "Example.rpc_stream")
      try await stream.write(ByteBuffer(string: "hello"))
      var answer = ""
      while let bytes = try await stream.read() { answer += String(buffer: bytes) }
      #expect(answer == "\(pair.peer.peerID) hello")
      stream.close()

      try await client.removeStreamHandler("Example.rpc_stream")
      await #expect(throws: NegotiationError.self) {
        try await pair.peer.openStream(to: pair.node, "Example.rpc_stream").read()
      }
    }
  }

  @Test("A stream that the peer aborts is aborted at the client, and the other way round no end is invented")
  func aborts() async throws {
    try await ControlPair.with { pair in
      let events = Tally()
      let client = try await pair.client()
      try await client.addStreamHandler("Example.rpc_stream") { stream in
        await events.add("began")
        do {
          while try await stream.read() != nil {}
          await events.add("ended")
        } catch {
          await events.add("aborted")
          throw error
        }
      }
      let stream = try await pair.peer.openStream(to: pair.node, "Example.rpc_stream")
      try await stream.write(ByteBuffer(string: "x"))
      #expect(try await events.reaches(1))
      stream.reset()
      #expect(try await events.reaches(2))
      #expect(await events.entries == ["began", "aborted"])

      pair.peer.handle("/abort") { stream in
        _ = try await stream.read()
        throw StreamError(.closed, "the test aborts")
      }
      let outbound = try await client.openStream(to: pair.peer.peerID, ["/abort"])
      try await outbound.write(ByteBuffer(string: "x"))
      await #expect(throws: StreamError.self) { while try await outbound.read() != nil {} }
    }
  }

  @Test("Protocols that a peer does not speak, and peers that are nowhere, are refused in p2pd's words")
  func streamRefusals() async throws {
    try await ControlPair.with { pair in
      let client = try await pair.client()
      await #expect(
        performing: { try await client.openStream(to: pair.peer.peerID, ["a", "b"]) },
        throws: {
          ($0 as? ControlError)?.text?.hasPrefix("failed to negotiate protocol: protocols not supported: [a b]") == true
        })
      let stream = try await client.openStream(to: pair.peer.peerID, ["a", EchoProtocol.id])
      #expect(stream.protocolID == EchoProtocol.id)
      stream.close()
      await #expect(
        performing: { try await client.openStream(to: ControlTestKeys.peer, ["a"]) },
        throws: { ($0 as? ControlError)?.kind == .refused })
    }
  }

  // MARK: The gate

  @Test("DESIGN 4: nothing passes a gate that refuses, in neither direction; what it admits does")
  func gate() async throws {
    let gate = TestGate { $0.protocolID.hasSuffix("secret") || $0.protocolID == EchoProtocol.id }
    try await ControlPair.with(gate: gate) { pair in
      try await ControlPair.withControl(of: pair.peer) { far in
        try await far.addUnaryHandler("Example.rpc_open") { $0.body }
        try await far.addUnaryHandler("Example.rpc_secret") { $0.body }
        let calls = Tally()
        let client = try await pair.client()
        for name in ["Example.own_open", "Example.own_secret"] {
          try await client.addUnaryHandler(name) { call in
            await calls.add(call.protocolID)
            return call.body
          }
        }
        try await client.addStreamHandler("Example.stream_secret") { _ in await calls.add("stream") }
        #expect(try await client.call(pair.peer.peerID, "Example.rpc_open", ByteBuffer(string: "x")).readableBytes == 1)
        await #expect(
          performing: { try await client.call(pair.peer.peerID, "Example.rpc_secret", ByteBuffer()) },
          throws: { ($0 as? ControlError)?.text?.contains("control.gate-closed") == true })
        await #expect(
          performing: { try await client.openStream(to: pair.peer.peerID, [EchoProtocol.id]) },
          throws: { ($0 as? ControlError)?.text?.contains("control.gate-closed") == true })
        #expect(try await pair.callFromPeer("Example.own_open", "x")?.body == Data("x".utf8))
        await #expect(throws: StreamError.self) { try await pair.callFromPeer("Example.own_secret", "x") }
        let stream = try await pair.peer.openStream(to: pair.node, "Example.stream_secret")
        await #expect(throws: StreamError.self) { while try await stream.read() != nil {} }
        #expect(await calls.entries == ["Example.own_open"])
      }
    }
  }

  @Test("DESIGN 4: the closed gate lets nothing pass")
  func closedGate() async throws {
    try await ControlPair.with(gate: ClosedControlGate()) { pair in
      let client = try await pair.client()
      try await client.addUnaryHandler("Example.rpc_a") { $0.body }
      await #expect(throws: StreamError.self) { try await pair.callFromPeer("Example.rpc_a", "x") }
      await #expect(throws: ControlError.self) { try await client.openStream(to: pair.peer.peerID, [EchoProtocol.id]) }
    }
  }

  // MARK: End

  @Test("When the node stops its clients learn it, and the socket is gone")
  func stop() async throws {
    try await ControlPair.with { pair in
      let client = try await pair.client()
      try await client.addUnaryHandler("Example.rpc_a") { $0.body }
      await pair.control.shutdown()
      #expect(await client.ended().kind == .closed)
      #expect(!FileManager.default.fileExists(atPath: pair.path))
      #expect(pair.control.handledProtocols.isEmpty)
      await #expect(
        performing: { try await pair.client() }, throws: { ($0 as? ControlError)?.kind == .unreachable })
    }
  }
}

extension ControlPair {
  /// Runs `body` with a client of a control socket of another host.
  static func withControl(of host: P2PHost, _ body: (ControlClient) async throws -> Void) async throws {
    try await TemporaryFolder.with { folder in
      var configuration = ControlConfiguration(path: "\(folder)/far.sock")
      configuration.logger.logLevel = .critical
      let control = ControlSocket(host: host, gate: InsecureControlGate(), configuration: configuration)
      try await control.start()
      do {
        var own = ControlClient.Configuration()
        own.logger.logLevel = .critical
        try await body(
          ControlClient.connect(to: Multiaddr([.unix(configuration.path)]), configuration: own))
      } catch {
        await control.shutdown()
        throw error
      }
      await control.shutdown()
    }
  }
}
