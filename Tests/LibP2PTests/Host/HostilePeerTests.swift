import NIOCore
import Synchronization
import Testing

@testable import LibP2P

/// Every test runs an honest peer beside the hostile one: its calls must keep working.
@Suite("S1–S3 A host among hostile peers", .serialized, .timeLimit(.minutes(2)))
struct HostilePeerTests {
  @Test("Silence at any point of the upgrade ends the connection by its deadline")
  func slowloris() async throws {
    try await Victim.with { victim, honest in
      let silent = try await RawPeer.connect(to: victim)
      let header = try await RawPeer.connect(to: victim)
      await header.send(ByteBuffer(bytes: Multistream.line(Multistream.header)))
      let handshake = try await RawPeer.connect(to: victim)
      await handshake.send(
        ByteBuffer(bytes: Multistream.line(Multistream.header) + Multistream.line("/noise") + [0, 32, 1]))
      let muxer = try await RawPeer.withoutMuxer(with: victim)
      try await Victim.checkService(of: victim, to: honest)
      for peer in [silent, header, handshake, muxer] { await peer.closed() }
      #expect(try await TestHosts.eventually { victim.resources.usage(.transient) == ResourceUsage() })
    }
  }

  @Test("A drip of bytes does not prolong the upgrade")
  func drip() async throws {
    try await Victim.with { victim, _ in
      let peer = try await RawPeer.connect(to: victim)
      let drip = Task {
        for byte in Multistream.line(Multistream.header) + Multistream.line("/nothing/1") {
          await peer.send(ByteBuffer(bytes: [byte]))
          try await Task.sleep(for: .milliseconds(200))
        }
      }
      await peer.closed()
      drip.cancel()
    }
  }

  @Test("Garbage, plaintext and secio are refused before any identity is shown")
  func otherSecurity() async throws {
    try await Victim.with { victim, _ in
      for proposal in ["/plaintext/2.0.0", "/secio/1.0.0", "/tls/1.0.0"] {
        let peer = try await RawPeer.connect(to: victim)
        await peer.send(ByteBuffer(bytes: Multistream.line(Multistream.header) + Multistream.line(proposal)))
        #expect(
          await peer.bytes() == ByteBuffer(bytes: Multistream.line(Multistream.header) + Multistream.line("na")))
        await peer.close()
      }
      let garbage = try await RawPeer.connect(to: victim)
      await garbage.send(ByteBuffer(string: "GET / HTTP/1.1\r\n\r\n"))
      await garbage.closed()
    }
  }

  @Test("Half-open connections of one address leave room for others")
  func halfOpenFlood() async throws {
    try await Victim.with(configure: {
      $0.limits.transientAddress.inboundConnections = 8
      $0.limits.transient.inboundConnections = 16
    }) { victim, _ in
      var strangers: [RawPeer] = []
      for _ in 0..<60 { strangers.append(try await RawPeer.connect(to: victim, from: "127.0.0.2")) }
      #expect(
        try await TestHosts.eventually { victim.resources.usage(.transient).inboundConnections <= 8 })
      let late = try await TestHosts.make()
      try await Victim.checkService(of: victim, to: late)
      await late.shutdown()
      for stranger in strangers { await stranger.close() }
    }
  }

  @Test("One peer gets no more connections than its limit")
  func connectionsOfOnePeer() async throws {
    try await Victim.with(configure: { $0.limits.peer.connections = 2 }) { victim, _ in
      let key = try PrivateKey.generate(.ed25519)
      let first = try await RawPeer.secured(with: victim, key: key)
      let second = try await RawPeer.secured(with: victim, key: key)
      #expect(try await TestHosts.eventually { victim.connections(with: key.peerID).count == 2 })
      let third = try await RawPeer.secured(with: victim, key: key)
      await third.closed()
      #expect(victim.connections(with: key.peerID).count == 2)
      #expect(await first.isOpen)
      #expect(await second.isOpen)
      await first.close()
      await second.close()
    }
  }

  @Test(
    "Floods inside the channel end the connection, whether the answers are read or not",
    arguments: ["pings", "resets", "streams beyond the limit", "credit", "bad frame"], [true, false])
  func floods(kind: String, isReading: Bool) async throws {
    try await Victim.with { victim, _ in
      let key = try PrivateKey.generate(.ed25519)
      let peer = try await RawPeer.secured(with: victim, key: key)
      #expect(try await TestHosts.eventually { victim.peers.contains(key.peerID) })
      try await peer.setReading(isReading)
      let flood = Task {
        for round in UInt32(0)..<UInt32(2_000) {
          let frames: [WireFrame] = (UInt32(0)..<100).flatMap { index -> [WireFrame] in
            let id = 2 * (round * 100 + index) + 1
            return switch kind {
            case "pings": [.ping(.syn, id)]
            case "resets": [.window(id, .syn), .window(id, .rst)]
            case "streams beyond the limit": [.window(id, .syn)]
            case "credit": [.window(999_999, [], 7)]
            default: [WireFrame(kind: .data, flags: .syn, stream: id, length: .max)]
            }
          }
          guard await peer.isOpen, !Task.isCancelled else { return }
          await peer.send(frames)
        }
      }
      #expect(try await TestHosts.eventually { !victim.peers.contains(key.peerID) })
      flood.cancel()
      await peer.close()
      #expect(try await TestHosts.eventually { victim.resources.usage(.peer(key.peerID)) == ResourceUsage() })
    }
  }

  @Test("A peer that asks and does not read is bounded, and blocks nobody else")
  func slowReader() async throws {
    try await Victim.with { victim, honest in
      let key = try PrivateKey.generate(.ed25519)
      let peer = try await RawPeer.secured(with: victim, key: key)
      try await peer.setReading(false)
      let request =
        Multistream.line(Multistream.header) + Multistream.line(BlastProtocol.id)
        + [0, 0, 0, 1, 0, 0, 0, 0]
      for index in UInt32(0)..<64 {
        let id = 2 * index + 1
        await peer.send([.window(id, .syn, 16 << 20), .data(id, request)])
      }
      #expect(
        try await TestHosts.eventually { victim.resources.usage(.peer(key.peerID)).inboundStreams == 64 })
      for _ in 0..<5 { try await Victim.checkService(of: victim, to: honest) }
      // A stream queues no more than its watermark and one write.
      let bound = 64 * (StreamPipe.highWatermark + BytePattern.pieceLength + StreamPipe.memoryStep)
      #expect(victim.resources.usage(.peer(key.peerID)).memory <= bound)
      await peer.close()
      #expect(try await TestHosts.eventually { victim.resources.usage(.peer(key.peerID)) == ResourceUsage() })
    }
  }

  @Test("A handler that does not read buffers one window, and memory beyond the peer's limit aborts streams")
  func unreadStreams() async throws {
    try await Victim.with(configure: { $0.limits.peer.memory = 1 << 20 }) { victim, honest in
      victim.handle("/stuck/1") { _ in try await Task.sleep(for: .seconds(60)) }
      let key = try PrivateKey.generate(.ed25519)
      let peer = try await RawPeer.secured(with: victim, key: key)
      let opening = Multistream.line(Multistream.header) + Multistream.line("/stuck/1")
      for index in UInt32(0)..<16 {
        let id = 2 * index + 1
        await peer.send([
          .window(id, .syn), .data(id, opening), .data(id, [UInt8](repeating: 0, count: 200_000)),
        ])
      }
      var resets = 0
      while resets < 10, let frames = await peer.frames() {
        resets += frames.filter { $0.flags.contains(.rst) }.count
      }
      #expect(resets >= 10)
      #expect(victim.resources.usage(.peer(key.peerID)).memory <= 1 << 20)
      await peer.close()
    }
  }

  @Test("A stream whose handler still works keeps its place though the peer has reset it (CVE-2023-44487)")
  func handlersOutliveResets() async throws {
    try await Victim.with(configure: { $0.limits.peer.inboundStreams = 4 }) { victim, _ in
      let running = Mutex((now: 0, most: 0))
      victim.handle("/stubborn/1") { _ in
        running.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
        // Deaf to cancellation, as a badly written handler may be.
        await Task.detached { try? await Task.sleep(for: .milliseconds(300)) }.value
        running.withLock { $0.now -= 1 }
      }
      let peer = try await RawPeer.secured(with: victim)
      let opening = Multistream.line(Multistream.header) + Multistream.line("/stubborn/1")
      let ids = (UInt32(0)..<40).map { 2 * $0 + 1 }
      for id in ids.prefix(4) { await peer.send([.window(id, .syn), .data(id, opening)]) }
      #expect(try await TestHosts.eventually { running.withLock(\.now) == 4 })
      for id in ids.prefix(4) { await peer.send([.window(id, .rst)]) }
      for id in ids.dropFirst(4) { await peer.send([.window(id, .syn), .data(id, opening)]) }
      var refused: Set<UInt32> = []
      while refused.count < 36, let frames = await peer.frames() {
        refused.formUnion(frames.filter { $0.flags == .rst }.map(\.stream))
      }
      #expect(refused == Set(ids.dropFirst(4)))
      #expect(try await TestHosts.eventually { running.withLock(\.now) == 0 })
      #expect(running.withLock(\.most) == 4)
      await peer.close()
    }
  }

  @Test("Streams that never negotiate are aborted")
  func silentStreams() async throws {
    try await Victim.with { victim, _ in
      let peer = try await RawPeer.secured(with: victim)
      await peer.send([.window(1, .syn)])
      var seen: [WireFrame] = []
      while !seen.contains(.window(1, .rst)), let frames = await peer.frames() { seen += frames }
      #expect(seen.contains(.window(1, .rst)))
      await peer.close()
    }
  }

  @Test("A refused lazy request costs its stream, not the connection")
  func lazyRefusal() async throws {
    try await Victim.with { victim, _ in
      let peer = try await RawPeer.secured(with: victim)
      let lazy =
        Multistream.line(Multistream.header) + Multistream.line("/nothing/1")
        + [UInt8](repeating: 0xff, count: 300)
      await peer.send([.window(1, .syn), .data(1, lazy), .data(1, [1, 2, 3])])
      var seen: [WireFrame] = []
      while !seen.contains(where: { $0.stream == 1 && $0.flags == .rst }), let frames = await peer.frames() {
        seen += frames
      }
      let answer = Multistream.line(Multistream.header) + Multistream.line("na")
      #expect(seen.contains { $0.stream == 1 && $0.body == answer })
      await peer.send([.ping(.syn, 5)])
      while !seen.contains(.ping(.ack, 5)), let frames = await peer.frames() { seen += frames }
      #expect(seen.contains(.ping(.ack, 5)))
      await peer.close()
    }
  }
}
