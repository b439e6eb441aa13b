import Foundation
import NIOCore
import Testing

@testable import LibP2P

/// A node with a control socket, and another node that calls it, in a folder of their own.
struct ControlPair {
  let node: P2PHost
  let peer: P2PHost
  let control: ControlSocket
  let path: String
  let address: Multiaddr

  /// Runs `body` with a pair that is connected, and ends it.
  static func with(
    gate: any ControlGate = InsecureControlGate(),
    configure: (inout ControlConfiguration) -> Void = { _ in },
    _ body: (ControlPair) async throws -> Void
  ) async throws {
    try await TestHosts.with(2) { hosts in
      try await TemporaryFolder.with { folder in
        var configuration = ControlConfiguration(path: "\(folder)/control.sock")
        configuration.logger.logLevel = .critical
        configure(&configuration)
        let control = ControlSocket(host: hosts[0], gate: gate, configuration: configuration)
        try await control.start()
        let pair = ControlPair(
          node: hosts[0], peer: hosts[1], control: control, path: configuration.path,
          address: try Multiaddr([.unix(configuration.path)]))
        do {
          _ = try await hosts[1].connect(to: hosts[0])
          // The called side has the connection a moment later, with the handshake's last message.
          _ = try await TestHosts.eventually { !hosts[0].peers.isEmpty }
          try await body(pair)
        } catch {
          await control.shutdown()
          throw error
        }
        await control.shutdown()
      }
    }
  }

  /// A client of the node.
  func client(configure: (inout ControlClient.Configuration) -> Void = { _ in }) async throws -> ControlClient {
    var configuration = ControlClient.Configuration()
    configuration.logger.logLevel = .critical
    configure(&configuration)
    return try await ControlClient.connect(to: address, configuration: configuration)
  }

  /// Calls a unary handler of the node from the peer, as a p2pd of the mesh does (mesh-wire.md §2.2).
  func callFromPeer(_ name: String, _ body: String) async throws -> PBControlUnaryResult? {
    let stream = try await peer.openStream(to: node, name)
    defer { stream.close() }
    try await stream.write(Self.request(name, body))
    var frames = FrameDecoder(maximumLength: 4 << 20)
    while let bytes = try await stream.read() {
      frames.append(bytes)
      if let answer = try frames.next(PBControlPersistentRequest.self) { return answer.result }
    }
    return nil
  }

  static func request(_ name: String, _ body: String) -> ByteBuffer {
    FrameDecoder.frame(
      message: PBControlPersistentRequest.with {
        $0.callID = Data(repeating: 9, count: CallID.length)
        $0.call = .with { ($0.peer, $0.protocol, $0.body) = (Data(), name, Data(body.utf8)) }
      })
  }
}

/// A folder that is gone afterwards; short, for the paths of sockets are.
enum TemporaryFolder {
  static func with(_ body: (String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "c-\(UUID().uuidString.prefix(8))").path
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try await body(folder)
  }
}

/// Gate decisions that a test names.
final class TestGate: ControlGate {
  private let refused: @Sendable (ControlPassage) -> Bool

  init(refusing refused: @escaping @Sendable (ControlPassage) -> Bool) { self.refused = refused }

  func admit(_ passage: ControlPassage) throws {
    if refused(passage) { throw ControlError(.gateClosed, "the test refuses \(passage.protocolID)") }
  }
}

/// Counts things that happen in other tasks.
actor Tally {
  private(set) var entries: [String] = []

  func add(_ entry: String) { entries.append(entry) }

  func count(_ entry: String) -> Int { entries.count { $0 == entry } }

  /// Waits until `count` entries are there; false if they are not in time.
  func reaches(_ count: Int, within time: Duration = .seconds(20)) async throws -> Bool {
    let end = ContinuousClock.now + time
    while entries.count < count {
      guard ContinuousClock.now < end else { return false }
      try await Task.sleep(for: .milliseconds(10))
    }
    return true
  }
}
