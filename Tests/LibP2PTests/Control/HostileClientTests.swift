import Foundation
import NIOCore
import Testing

@testable import LibP2P

/// What a control client may do to its node: nothing. An honest client works beside each hostile one.
@Suite("Hostile control clients", .serialized)
struct HostileClientTests {
  /// Runs `attack` beside an honest client, which must be served before, during and after it.
  private func beside(
    configure: (inout ControlConfiguration) -> Void = { _ in },
    _ attack: (ControlPair, _ isServed: () async throws -> Void) async throws -> Void
  ) async throws {
    try await ControlPair.with(configure: configure) { pair in
      let honest = try await pair.client()
      try await honest.addUnaryHandler("Honest.rpc_echo") { $0.body }
      let isServed: () async throws -> Void = {
        let answer = try await pair.callFromPeer("Honest.rpc_echo", "x")
        #expect(answer?.body == Data("x".utf8))
        let identity = try await honest.identify()
        #expect(identity.id == pair.node.peerID)
      }
      try await isServed()
      try await attack(pair, isServed)
      try await isServed()
    }
  }

  @Test("Garbage cuts the connection, before and after the upgrade")
  func garbage() async throws {
    try await beside { pair, isServed in
      for bytes in [[0x02, 0xff, 0xff], [UInt8](repeating: 0x80, count: 16), [0x02, 0x08, 0x63]] {
        let raw = try await RawClient(pair)
        try await raw.write(bytes)
        #expect(try await raw.isCut())
        let persistent = try await RawClient(pair)
        try await persistent.upgrade()
        try await persistent.write(bytes)
        #expect(try await persistent.isCut())
      }
      try await isServed()
    }
  }

  @Test("A length that is too long cuts the connection before the message is waited for")
  func oversize() async throws {
    try await beside { pair, _ in
      let limits = ControlLimits()
      let raw = try await RawClient(pair)
      try await raw.write(Varint.encode(UInt64(limits.requestLength + 1)))
      #expect(try await raw.isCut())
      let persistent = try await RawClient(pair)
      try await persistent.upgrade()
      try await persistent.write(Varint.encode(UInt64(limits.messageLength + 1)))
      #expect(try await persistent.isCut())
    }
  }

  @Test("A client that floods requests and never reads is cut, and holds no more than its limits")
  func neverReads() async throws {
    try await beside(configure: {
      $0.limits.queuedBytes = 1 << 20
      $0.limits.messageLength = 256 << 10
      $0.limits.stallTime = .milliseconds(300)
    }) { pair, isServed in
      let raw = try await RawClient(pair)
      try await raw.upgrade()
      // Each is answered with a refusal of its own length; nobody reads the refusals.
      let name = String(repeating: "n", count: ControlRequest.maximumNameLength)
      let request = FrameDecoder.frame(
        message: PBControlPersistentRequest.with {
          $0.callID = CallID.random().bytes
          $0.removeUnaryHandler = .with { $0.protocol = name }
        })
      let flood = Task { while true { try await raw.write(request) } }
      _ = await flood.result
      #expect(try await raw.isCut())
      try await isServed()
    }
  }

  @Test("Calls that are handed to a client which never reads end with their callers, and harm no other client")
  func deafHandler() async throws {
    try await beside(configure: {
      $0.limits.queuedBytes = 1 << 20
      $0.limits.messageLength = 256 << 10
      $0.limits.stallTime = .milliseconds(500)
    }) { pair, isServed in
      let raw = try await RawClient(pair)
      try await raw.upgrade()
      try await raw.send {
        $0.callID = CallID.random().bytes
        $0.addUnaryHandler = .with { ($0.protocol, $0.balanced) = ("Deaf.rpc_a", false) }
      }
      #expect(try await TestHosts.eventually { pair.control.handledProtocols.contains("Deaf.rpc_a") })
      let body = String(repeating: "b", count: 200 << 10)
      try await withThrowingTaskGroup(of: Bool.self) { group in
        for _ in 0..<16 {
          group.addTask {
            do {
              return try await pair.callFromPeer("Deaf.rpc_a", body) == nil
            } catch is StreamError {
              return true
            }
          }
        }
        for try await hasFailed in group { #expect(hasFailed) }
      }
      #expect(try await TestHosts.eventually { !pair.control.handledProtocols.contains("Deaf.rpc_a") })
      try await isServed()
    }
  }

  @Test("A client's death in the middle of calls cancels them at its peers and ends those that it served")
  func death() async throws {
    try await beside { pair, isServed in
      let events = Tally()
      pair.peer.handle("Slow.rpc_a") { stream in
        await events.add("called")
        stream.cancelHandlerWhenPeerFinishes()
        do {
          while try await stream.read() != nil {}
          try await Task.sleep(for: .seconds(600))
        } catch {
          await events.add("cancelled")
          throw error
        }
      }
      let raw = try await RawClient(pair)
      try await raw.upgrade()
      try await raw.send {
        $0.callID = CallID.random().bytes
        $0.addUnaryHandler = .with { ($0.protocol, $0.balanced) = ("Dying.rpc_a", false) }
      }
      try await raw.send {
        $0.callID = CallID.random().bytes
        $0.call = .with { ($0.peer, $0.protocol, $0.body) = (Data(pair.peer.peerID.bytes), "Slow.rpc_a", Data()) }
      }
      #expect(try await events.reaches(1))
      let stream = try await pair.peer.openStream(to: pair.node, "Dying.rpc_a")
      try await stream.write(ControlPair.request("Dying.rpc_a", "x"))
      _ = try await raw.read()
      try await isServed()
      raw.close()
      await #expect(throws: StreamError.self) { while try await stream.read() != nil {} }
      #expect(try await events.reaches(2))
      #expect(await events.entries == ["called", "cancelled"])
      #expect(try await TestHosts.eventually { pair.control.handledProtocols == ["Honest.rpc_echo"] })
    }
  }

  @Test("Calls beyond a client's limit are refused one by one; an id in use cuts the connection")
  func tooManyCalls() async throws {
    try await beside(configure: { $0.limits.callsPerClient = 4 }) { pair, _ in
      pair.peer.handle("Slow.rpc_a") { stream in while try await stream.read() != nil {} }
      let raw = try await RawClient(pair)
      try await raw.upgrade()
      let ids = (0..<5).map { _ in CallID.random() }
      func call(_ id: CallID) async throws {
        try await raw.send {
          $0.callID = id.bytes
          $0.call = .with { ($0.peer, $0.protocol, $0.body) = (Data(pair.peer.peerID.bytes), "Slow.rpc_a", Data()) }
        }
      }
      for id in ids { try await call(id) }
      let received = try await raw.read()
      let frame = try #require(received)
      let answer = try DaemonMessage(
        PBControlPersistentResponse(serializedBytes: frame.readableBytesSpan, options: .bounded))
      guard case .answer(ids[4], .daemonError(let text)) = answer else {
        Issue.record("the fifth call is answered with \(answer)")
        return
      }
      #expect(text.contains("control.busy"))
      try await call(ids[0])
      #expect(try await raw.isCut())
    }
  }

  @Test("A process has so many connections, and so many handlers")
  func tooManyConnections() async throws {
    try await beside(configure: {
      $0.limits.connectionsPerClient = 6
      $0.limits.handlersPerClient = 3
    }) { pair, _ in
      var raws: [RawClient] = []
      for _ in 0..<4 {
        let raw = try await RawClient(pair)
        try await raw.upgrade()
        raws.append(raw)
      }
      // The honest client has one connection, and needs one for a request.
      let last = try await RawClient(pair)
      try await last.upgrade()
      #expect(try await RawClient(pair).isCut())
      last.close()
      #expect(try await TestHosts.eventually { pair.control.connectionCount == 5 })
      for (index, raw) in raws.prefix(3).enumerated() {
        try await raw.send {
          $0.callID = CallID.random().bytes
          $0.addUnaryHandler = .with { ($0.protocol, $0.balanced) = ("Many.rpc_\(index)", false) }
        }
        _ = try await raw.read()
      }
      #expect(pair.control.handledProtocols.count == 3)
      for raw in raws { raw.close() }
      #expect(try await TestHosts.eventually { pair.control.connectionCount == 1 })
    }
  }

  @Test("Answers to calls that were never handed to a client are dropped")
  func forgedAnswers() async throws {
    try await beside { pair, isServed in
      let raw = try await RawClient(pair)
      try await raw.upgrade()
      for _ in 0..<1_000 {
        try await raw.send {
          $0.callID = CallID.random().bytes
          $0.result = .with { $0.body = Data("forged".utf8) }
        }
      }
      try await raw.send { ($0.callID, $0.cancel) = (CallID.random().bytes, PBControlCancel()) }
      try await isServed()
      raw.close()
    }
  }

  @Test("A handler's socket must be one of this machine, and a dead one is taken out at the first stream")
  func handlerSockets() async throws {
    try await beside { pair, _ in
      func register(_ address: String) async throws -> PBControlResponse {
        let raw = try await RawClient(pair)
        defer { raw.close() }
        let address = try Multiaddr(address)
        try await raw.write(
          FrameDecoder.frame(
            message: PBControlRequest.with {
              $0.kind = .streamHandler
              $0.streamHandler = .with {
                ($0.address, $0.protocols, $0.balanced) = (Data(address.bytes), ["Lost.rpc_a"], false)
              }
            }))
        let received = try await raw.read()
        let frame = try #require(received)
        return try PBControlResponse(serializedBytes: frame.readableBytesSpan, options: .bounded)
      }
      #expect(try await register("/ip4/192.0.2.1/tcp/80").kind == .error)
      #expect(try await register("/dns4/localhost/tcp/80").kind == .error)
      #expect(try await register("/unix/nowhere/at/all.sock").kind == .ok)
      #expect(pair.control.handledProtocols.contains("Lost.rpc_a"))
      let stream = try await pair.peer.openStream(to: pair.node, "Lost.rpc_a")
      await #expect(throws: StreamError.self) { while try await stream.read() != nil {} }
      #expect(!pair.control.handledProtocols.contains("Lost.rpc_a"))
    }
  }

  @Test("A peer that sends a handler no call, or more than one, is hung up on and no client hears of it")
  func hostilePeer() async throws {
    try await beside { pair, _ in
      let calls = Tally()
      let client = try await pair.client()
      try await client.addUnaryHandler("Example.rpc_a") { call in
        await calls.add("called")
        return call.body
      }
      var request = ControlPair.request("Example.rpc_a", "x")
      request.writeInteger(UInt8(0))
      let wrongName = ControlPair.request("Example.rpc_b", "x")
      for bytes in [
        request, wrongName, ByteBuffer(bytes: [0x02, 0xff, 0xff]), ByteBuffer(bytes: Varint.encode(5 << 20)),
      ] {
        let stream = try await pair.peer.openStream(to: pair.node, "Example.rpc_a")
        try await stream.write(bytes)
        #expect(try await stream.read() == nil, "as from p2pd, the answer is an end")
        stream.close()
      }
      #expect(await calls.entries.isEmpty)
    }
  }
}
