import Logging
import NIOCore
import Testing

@testable import LibP2P

/// Hosts on loopback that serve echo, blast and sink.
enum TestHosts {
  static func make(
    listening: Bool = true, configure: (inout HostConfiguration) -> Void = { _ in }
  ) async throws -> P2PHost {
    var configuration = HostConfiguration(identity: try PrivateKey.generate(.ed25519))
    configuration.logger.logLevel = .error
    if listening { configuration.listenAddresses = [try Multiaddr("/ip4/127.0.0.1/tcp/0")] }
    configure(&configuration)
    let host = try P2PHost(configuration)
    host.handle(EchoProtocol.id, EchoProtocol.serve)
    host.handle(BlastProtocol.id, BlastProtocol.serve)
    host.handle(SinkProtocol.id, SinkProtocol.serve)
    try await host.start()
    return host
  }

  /// Runs `body` with `count` hosts and stops them.
  static func with(
    _ count: Int, configure: @Sendable (Int, inout HostConfiguration) -> Void = { _, _ in },
    _ body: ([P2PHost]) async throws -> Void
  ) async throws {
    var hosts: [P2PHost] = []
    for index in 0..<count { hosts.append(try await make { configure(index, &$0) }) }
    do {
      try await body(hosts)
    } catch {
      for host in hosts { await host.shutdown() }
      throw error
    }
    for host in hosts { await host.shutdown() }
  }

  /// Waits until `condition` holds; false if it does not in time.
  static func eventually(
    within time: Duration = .seconds(10), _ condition: () throws -> Bool
  ) async throws -> Bool {
    let end = ContinuousClock.now + time
    while try !condition() {
      guard ContinuousClock.now < end else { return false }
      try await Task.sleep(for: .milliseconds(10))
    }
    return true
  }
}

extension P2PHost {
  /// Connects with `other`, wherever it listens.
  func connect(to other: P2PHost) async throws -> P2PConnection {
    try await connect(to: other.peerID, at: other.listenAddresses)
  }

  func openStream(to other: P2PHost, _ protocolID: String) async throws -> P2PStream {
    try await openStream(to: other.peerID, [protocolID], at: other.listenAddresses)
  }
}

/// Whether an error has this stable code.
func code(_ code: String) -> (any Error) -> Bool {
  { ($0 as? any LibP2PError)?.code == code }
}
