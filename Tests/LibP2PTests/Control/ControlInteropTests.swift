import Foundation
import NIOCore
import Testing

@testable import LibP2P

/// The Swift client at the control socket of a real p2pd: the protocol as others speak it is the oracle.
@Suite(
  "The control client and p2pd", .serialized, .timeLimit(.minutes(3)),
  .enabled(if: InteropTier.has(.goLibP2P), "p2pd is not installed: make setup"))
struct ControlInteropTests {
  /// Runs `body` with a client of a p2pd and a host that is connected with it.
  private func withDaemon(_ body: (ControlClient, P2PHost) async throws -> Void) async throws {
    try await TestHosts.with(1) { hosts in
      try await TemporaryFolder.with { folder in
        let path = "\(folder)/p2pd.sock"
        let daemon = Process()
        daemon.executableURL = InteropTier.p2pd
        daemon.arguments = [
          "-listen=/unix\(path)", "-hostAddrs=/ip4/127.0.0.1/tcp/0", "-natPortMap=0", "-autonat=0", "-relay=0", "-q",
        ]
        daemon.standardOutput = FileHandle.nullDevice
        daemon.standardError = FileHandle.nullDevice
        try daemon.run()
        defer {
          daemon.terminate()
          daemon.waitUntilExit()
        }
        var client: ControlClient?
        for _ in 0..<400 where client == nil {
          client = try? await ControlClient.connect(to: Multiaddr([.unix(path)]))
          if client == nil { try await Task.sleep(for: .milliseconds(50)) }
        }
        let control = try #require(client)
        try await control.connect(to: hosts[0].peerID, at: hosts[0].listenAddresses)
        try await body(control, hosts[0])
        control.close()
      }
    }
  }

  /// Calls a unary handler of the daemon's client as a peer.
  private func call(_ host: P2PHost, _ peer: PeerID, _ name: String, _ body: String) async throws
    -> PBControlUnaryResult?
  {
    let stream = try await host.openStream(to: peer, [name])
    defer { stream.close() }
    try await stream.write(ControlPair.request(name, body))
    var frames = FrameDecoder(maximumLength: 4 << 20)
    while let bytes = try await stream.read() {
      frames.append(bytes)
      if let answer = try frames.next(PBControlPersistentRequest.self) { return answer.result }
    }
    return nil
  }

  @Test("Issue 5: identify, peers, unary calls both ways, errors and cancellation")
  func unary() async throws {
    try await withDaemon { client, host in
      #expect(try await client.identify().id == client.peerID)
      #expect(try await client.listPeers().map(\.id).contains(host.peerID))

      let events = Tally()
      try await client.addUnaryHandler("Example.rpc_square") { call in
        guard let number = Int(String(buffer: call.body)) else { throw ControlHandlerError("ValueError('unlucky')") }
        #expect(call.peer == host.peerID)
        return ByteBuffer(string: "\(number * number)")
      }
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
      #expect(try await call(host, client.peerID, "Example.rpc_square", "12")?.body == Data("144".utf8))
      #expect(
        try await call(host, client.peerID, "Example.rpc_square", "x")?.error == Data("ValueError('unlucky')".utf8))
      let waiting = try await host.openStream(to: client.peerID, ["Example.rpc_forever"])
      try await waiting.write(ControlPair.request("Example.rpc_forever", ""))
      #expect(try await events.reaches(1))
      waiting.reset()
      #expect(try await events.reaches(2))
      await #expect(
        performing: { try await client.addUnaryHandler("Example.rpc_square") { $0.body } },
        throws: { ($0 as? ControlError)?.text == "handler for protocol Example.rpc_square already set" })
      try await client.removeUnaryHandler("Example.rpc_square")
      await #expect(throws: (any Error).self) { try await call(host, client.peerID, "Example.rpc_square", "1") }

      // The other way the host itself answers, through a control socket of this project.
      try await ControlPair.withControl(of: host) { far in
        try await far.addUnaryHandler("Far.rpc_echo") { $0.body }
        #expect(String(buffer: try await client.call(host.peerID, "Far.rpc_echo", ByteBuffer(string: "far"))) == "far")
        let large = ByteBuffer(repeating: 7, count: 4_000_000)
        #expect(try await client.call(host.peerID, "Far.rpc_echo", large) == large)
        await #expect(
          performing: { try await client.call(host.peerID, "Far.rpc_none", ByteBuffer()) },
          throws: { ($0 as? ControlError)?.kind == .refused })
        await #expect(
          performing: {
            try await client.call(host.peerID, "Far.rpc_echo", ByteBuffer(repeating: 7, count: 4 << 20))
          }, throws: { ($0 as? ControlError)?.kind == .tooLong })
      }
    }
  }

  @Test("Issue 5: streams both ways")
  func streams() async throws {
    try await withDaemon { client, host in
      let stream = try await client.openStream(to: host.peerID, [EchoProtocol.id])
      #expect(stream.peer == host.peerID)
      let block = ByteBuffer(repeating: 3, count: 1 << 20)
      async let sending: Void = stream.write(block)
      #expect(try await stream.read(exactly: block.readableBytes) == block)
      try await sending
      stream.close()

      try await client.addStreamHandler("Example.rpc_upper") { stream in
        let name = try await stream.read(exactly: 3)
        try await stream.write(ByteBuffer(string: String(buffer: name).uppercased()))
      }
      let inbound = try await host.openStream(to: client.peerID, ["Example.rpc_upper"])
      try await inbound.write(ByteBuffer(string: "ada"))
      #expect(String(buffer: try await inbound.read(exactly: 3)) == "ADA")
      #expect(try await inbound.read() == nil)
      inbound.close()
    }
  }
}
