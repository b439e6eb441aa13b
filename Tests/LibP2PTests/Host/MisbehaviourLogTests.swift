import Logging
import NIOCore
import Synchronization
import Testing

@testable import LibP2P

@Suite("Misbehaviour log", .timeLimit(.minutes(1)))
struct MisbehaviourLogTests {
  /// Keeps what is logged.
  private final class Recorder: Sendable {
    let lines = Mutex<[String]>([])

    var logger: Logger { Logger(label: "test") { [self] _ in Handler(recorder: self) } }
  }

  private struct Handler: LogHandler {
    let recorder: Recorder
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.warning

    init(recorder: Recorder) { self.recorder = recorder }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { recorder.lines.withLock { $0.append("\(event.message)") } }
  }

  @Test("A line has a fixed shape, with the address first, and nothing in it that the peer could word")
  func line() throws {
    let key = try PrivateKey(ed25519Seed: [UInt8](repeating: 1, count: 32))
    let address = try Multiaddr("/ip4/192.0.2.7/tcp/51442")
    #expect(
      MisbehaviourLog.line(peer: key.peerID, address: address, component: "yamux", code: "yamux.flood")
        == "CANONICAL_MISBEHAVING_PEER: ip=192.0.2.7 peer=\(key.peerID) addr=/ip4/192.0.2.7/tcp/51442 component=yamux code=yamux.flood"
    )
  }

  @Test("A hostile peer leaves one line with its address, whatever it floods with")
  func oneLine() async throws {
    let recorder = Recorder()
    try await Victim.with(configure: { $0.logger = recorder.logger }) { victim, _ in
      let key = try PrivateKey.generate(.ed25519)
      let peer = try await RawPeer.secured(with: victim, key: key, from: "127.0.0.3")
      for round in UInt32(0)..<200 { await peer.send((0..<100).map { .ping(.syn, round * 100 + $0) }) }
      await peer.closed()
      #expect(try await TestHosts.eventually { !recorder.lines.withLock(\.isEmpty) })
      let lines = recorder.lines.withLock(\.self)
      #expect(lines.count == 1)
      #expect(lines.first?.hasPrefix("CANONICAL_MISBEHAVING_PEER: ip=127.0.0.3 peer=\(key.peerID) ") == true)
      #expect(lines.first?.hasSuffix(" component=yamux code=yamux.flood") == true)
    }
  }

  @Test("A flood of offences fills no disk: a hundred lines, then five a second")
  func budget() throws {
    let recorder = Recorder()
    let log = MisbehaviourLog(logger: recorder.logger)
    let address = try Multiaddr("/ip4/192.0.2.7/tcp/51442")
    for second in Int64(0)...1 {
      for _ in 0..<10_000 {
        log.record(
          peer: nil, address: address, component: "upgrade", code: "host.timeout", now: .start + .seconds(second))
      }
    }
    #expect(recorder.lines.withLock(\.count) == 105)
  }
}
