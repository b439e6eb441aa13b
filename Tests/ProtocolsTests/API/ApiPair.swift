import LibP2P
import Logging
import NIOCore
import Testing

@testable import Protocols

/// Two real hosts on loopback that both speak the API protocol.
struct ApiPair {
  let serverHost: P2PHost
  let callerHost: P2PHost
  let server: ApiProtocol
  let caller: ApiProtocol

  /// Where the server is.
  var address: Multiaddr {
    get throws { try #require(serverHost.listenAddresses.first).withPeer(serverHost.peerID) }
  }

  /// Runs `body` with a server made from `config`, and stops both hosts.
  static func with(
    _ config: ApiProtocolConfig, gate: (P2PHost, P2PHost) -> Gate = { _, _ in .insecure() }, callerGate: Gate? = nil,
    callerLimits: ApiLimits = ApiLimits(), peers: PeerStore? = nil, _ body: (ApiPair) async throws -> Void
  ) async throws {
    let (serverHost, callerHost) = (try host(), try host())
    var callerConfig = ApiProtocolConfig()
    callerConfig.limits = callerLimits
    let pair = ApiPair(
      serverHost: serverHost, callerHost: callerHost,
      server: ApiProtocol(host: serverHost, config: config, gate: gate(serverHost, callerHost), peers: peers),
      caller: ApiProtocol(host: callerHost, config: callerConfig, gate: callerGate ?? .insecure()))
    try await serverHost.start()
    try await callerHost.start()
    do {
      try await body(pair)
    } catch {
      await stop(serverHost, callerHost)
      throw error
    }
    #expect(try await eventually { pair.server.server.isIdle }, "calls are still counted")
    await stop(serverHost, callerHost)
  }

  /// The same with routes alone.
  static func with(
    _ routes: [String: ApiRoute], _ body: (ApiPair) async throws -> Void
  ) async throws {
    try await with(ApiProtocolConfig(routes: routes), body)
  }

  private static func host() throws -> P2PHost {
    var configuration = HostConfiguration(identity: try PrivateKey.generate(.ed25519))
    configuration.logger = .quiet
    configuration.listenAddresses = [try Multiaddr("/ip4/127.0.0.1/tcp/0")]
    configuration.timeouts.shutdown = .milliseconds(200)
    return try P2PHost(configuration)
  }

  private static func stop(_ hosts: P2PHost...) async { for host in hosts { await host.shutdown() } }

  // MARK: Calls

  /// The unary answer as text, in the version given.
  func text(
    _ route: String, _ version: ApiVersion = .plain, method: String = "GET", headers: [String: String] = [:],
    body: ByteBuffer = ByteBuffer()
  ) async throws -> String {
    String(buffer: try await bytes(route, version, method: method, headers: headers, body: body))
  }

  func bytes(
    _ route: String, _ version: ApiVersion = .plain, method: String = "GET", headers: [String: String] = [:],
    body: ByteBuffer = ByteBuffer()
  ) async throws -> ByteBuffer {
    try await caller.callRemote(
      address, route, method: method, headers: headers, body: body, options: .only(version))
  }

  /// A stream on which a test says what it wants.
  func rawStream(_ version: ApiVersion = .plain) async throws -> P2PStream {
    try await callerHost.openStream(to: serverHost.peerID, [version.protocolID], at: serverHost.listenAddresses)
  }

  /// What comes back for bytes that are written as they are; ends with the stream.
  func answer(to bytes: [UInt8], finishing: Bool = false) async throws -> String {
    let stream = try await rawStream()
    try await stream.write(ByteBuffer(bytes: bytes))
    if finishing { stream.closeWrite() }
    var answer = ByteBuffer()
    while let piece = try await stream.read() { answer.writeImmutableBuffer(piece) }
    stream.close()
    return String(buffer: answer)
  }
}

extension ApiCallOptions {
  /// Offers one version only.
  static func only(_ version: ApiVersion) -> ApiCallOptions {
    var options = ApiCallOptions()
    options.versions = [version]
    return options
  }
}

/// Waits until `condition` holds; false if it does not in time.
func eventually(within time: Duration = .seconds(30), _ condition: () throws -> Bool) async throws -> Bool {
  let end = ContinuousClock.now + time
  while try !condition() {
    guard ContinuousClock.now < end else { return false }
    try await Task.sleep(for: .milliseconds(10))
  }
  return true
}

/// Whether an error has this stable code.
func coded(_ code: String) -> (any Error) -> Bool {
  { ($0 as? any LibP2PError)?.code == code }
}
