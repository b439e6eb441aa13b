import LibP2P

/// Hosts on loopback.
enum TestHosts {
  static func make(_ identity: PrivateKey? = nil) async throws -> P2PHost {
    var configuration = HostConfiguration(identity: try identity ?? PrivateKey.generate(.ed25519))
    configuration.logger.logLevel = .error
    configuration.timeouts.shutdown = .milliseconds(100)
    configuration.listenAddresses = [try Multiaddr("/ip4/127.0.0.1/tcp/0")]
    let host = try P2PHost(configuration)
    try await host.start()
    return host
  }

  /// Waits until `condition` holds; false if it does not in time.
  static func eventually(
    within time: Duration = .seconds(30), _ condition: () throws -> Bool
  ) async throws -> Bool {
    let end = ContinuousClock.now + time
    while try !condition() {
      guard ContinuousClock.now < end else { return false }
      try await Task.sleep(for: .milliseconds(5))
    }
    return true
  }
}
