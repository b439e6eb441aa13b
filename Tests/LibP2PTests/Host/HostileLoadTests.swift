import Foundation
import NIOCore
import Synchronization
import Testing

@testable import LibP2P

/// What thousands of connections and calls cost, with an honest peer served meanwhile.
@Suite("S2–S3 A host under load by strangers", .serialized, .timeLimit(.minutes(2)))
struct HostileLoadTests {
  /// What the process may grow by: a node that keeps something of each connection grows by far more.
  private static let allowedGrowth = 32 << 20

  /// Memory of this process that is in use, in bytes.
  private static func residentBytes() throws -> Int {
    let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
    return (try #require(fields.count > 1 ? Int(fields[1]) : nil)) * Int(sysconf(Int32(_SC_PAGESIZE)))
  }

  @Test("CVE-2022-23492 ten thousand half-open connections from two hundred addresses cost bounded memory")
  func halfOpenConnections() async throws {
    try await Victim.with { victim, honest in
      let port = try #require(victim.listenAddresses.first?.tcpEndpoint?.port)
      var before = 0
      // The last hundred stay open, as many as leave room for the next and a newcomer.
      var open: ArraySlice<SilentSocket> = []
      for wave in 1...200 {
        for _ in 0..<50 { open.append(try SilentSocket(to: port, from: UInt8(wave))) }
        open = open.suffix(100)
        // Whoever comes now waits behind them all to be accepted, which also sets the pace.
        let newcomer = try await TestHosts.make(listening: false)
        try await Victim.checkService(of: victim, to: newcomer)
        newcomer.disconnect(victim.peerID)
        if wave == 20 { before = try Self.residentBytes() }
      }
      try await Victim.checkService(of: victim, to: honest)
      #expect(try Self.residentBytes() - before < Self.allowedGrowth)
      open = []
      #expect(try await TestHosts.eventually { victim.resources.usage(.transient) == ResourceUsage() })
    }
  }

  @Test("Identify DoS: a flood of pushes from a peer that reads nothing is bounded")
  func unreadPushes() async throws {
    try await Victim.with { victim, honest in
      _ = PeerServices(victim)
      let key = try PrivateKey.generate(.ed25519)
      let peer = try await RawPeer.secured(with: victim, key: key)
      try await peer.setReading(false)
      let opening = Multistream.line(Multistream.header) + Multistream.line(IdentifyService.pushProtocolID)
      let push = FrameDecoder.frame(IdentifyMessage().body).readableBytesView
      let before = try Self.residentBytes()
      for round in UInt32(0)..<100 {
        await peer.send(
          (UInt32(0)..<50).flatMap { index -> [WireFrame] in
            let id = 2 * (50 * round + index) + 1
            return [.window(id, .syn), .data(id, opening + push, .fin)]
          })
        if round.isMultiple(of: 20) { try await Victim.checkService(of: victim, to: honest) }
      }
      #expect(try Self.residentBytes() - before < Self.allowedGrowth)
      await peer.close()
      #expect(try await TestHosts.eventually { victim.resources.usage(.peer(key.peerID)) == ResourceUsage() })
    }
  }

  @Test("rust-libp2p#5410 both sides write and nobody reads: others go on, and an abort ends both writers")
  func bothSidesWrite() async throws {
    let outcome = AsyncStream.makeStream(of: (any Error)?.self)
    try await Victim.with { victim, honest in
      victim.handle("/write/1") { stream in
        do {
          while true { try await stream.write(ByteBuffer(repeating: 1, count: 1 << 16)) }
        } catch {
          outcome.continuation.yield(error)
          throw error
        }
      }
      let stream = try await honest.openStream(to: victim, "/write/1")
      let writer = Task { while true { try await stream.write(ByteBuffer(repeating: 2, count: 1 << 16)) } }
      let blocked = YamuxLimits.initialWindow + StreamPipe.lowWatermark
      for (host, other) in [(victim, honest), (honest, victim)] {
        #expect(try await TestHosts.eventually { host.resources.usage(.peer(other.peerID)).memory >= blocked })
      }
      try await Victim.checkService(of: victim, to: honest)
      stream.reset()
      await #expect(performing: { try await writer.value }, throws: code("stream.closed"))
      var outcomes = outcome.stream.makeAsyncIterator()
      let error = try #require(await outcomes.next())
      #expect(code("stream.reset")(try #require(error)))
    }
  }
}

/// A TCP connection that says nothing and hears nothing; it ends with its last holder.
private final class SilentSocket {
  private let descriptor: CInt

  /// Connects to a port of 127.0.0.1 from the address 127.0.1.`source`.
  init(to port: UInt16, from source: UInt8) throws {
    descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    let isConnected =
      Self.call(bind, descriptor, 0x7f00_0100 | UInt32(source), 0)
      && Self.call(connect, descriptor, 0x7f00_0001, port)
    // A socket that was not made is -1, which closes to nothing.
    if !isConnected { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
  }

  deinit { close(descriptor) }

  private static func call(
    _ function: (CInt, UnsafePointer<sockaddr>, socklen_t) -> CInt, _ descriptor: CInt, _ address: UInt32,
    _ port: UInt16
  ) -> Bool {
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_addr.s_addr = address.bigEndian
    name.sin_port = port.bigEndian
    return withUnsafePointer(to: name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        function(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }
}
