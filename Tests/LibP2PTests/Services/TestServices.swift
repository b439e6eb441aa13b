import Testing

@testable import LibP2P

/// Hosts on loopback with all their services running.
enum TestServices {
  /// Runs `body` with services made one after the other, each from what those before it are.
  static func with(
    _ count: Int, listening: @Sendable (Int) -> Bool = { _ in true },
    configure: @Sendable (Int, [PeerServices], inout PeerServices.Configuration) throws -> Void = { _, _, _ in },
    _ body: ([PeerServices]) async throws -> Void
  ) async throws {
    var all: [PeerServices] = []
    try await withThrowingTaskGroup(of: Void.self) { group in
      defer { group.cancelAll() }
      for index in 0..<count {
        let host = try await TestHosts.make(listening: listening(index))
        var configuration = PeerServices.Configuration()
        configuration.agentVersion = "test/\(index)"
        try configure(index, all, &configuration)
        let services = PeerServices(host, configuration)
        all.append(services)
        group.addTask { try await services.run() }
      }
      try await body(all)
    }
  }
}

extension PeerServices {
  var addressWithPeer: Multiaddr? { try? host.listenAddresses.first?.withPeer(host.peerID) }

  /// Dials `other` where it listens.
  func connect(to other: PeerServices) async throws -> P2PConnection {
    try await host.connect(to: other.host.peerID, at: other.host.listenAddresses)
  }
}
