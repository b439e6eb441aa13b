import NIOCore
import Testing

@testable import LibP2P

/// A host for hostile peers to try themselves on, beside an honest one that must be served all the same.
enum Victim {
  /// Runs `body` with a victim of short deadlines and an honest peer, and checks in the end that it is still served.
  static func with(
    configure: @Sendable (inout HostConfiguration) -> Void = { _ in },
    _ body: (_ victim: P2PHost, _ honest: P2PHost) async throws -> Void
  ) async throws {
    try await TestHosts.with(
      2,
      configure: { index, configuration in
        guard index == 0 else { return }
        configuration.timeouts.upgrade = .milliseconds(1500)
        configuration.timeouts.phase = .seconds(1)
        configuration.timeouts.negotiation = .seconds(1)
        configuration.logger.logLevel = .critical
        configure(&configuration)
      }
    ) { hosts in
      try await body(hosts[0], hosts[1])
      try await checkService(of: hosts[0], to: hosts[1])
    }
  }

  /// Calls echo.
  static func checkService(of victim: P2PHost, to honest: P2PHost) async throws {
    let stream = try await honest.openStream(to: victim, EchoProtocol.id)
    let bytes = ByteBuffer(repeating: 9, count: 1000)
    #expect(try await EchoProtocol.call(stream, bytes) == bytes)
    stream.close()
  }
}
