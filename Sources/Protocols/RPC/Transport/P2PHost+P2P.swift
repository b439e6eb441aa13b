public import LibP2P
public import NIOCore

extension P2PHost: P2P {
  public func openStream(to peer: PeerID, in protocolID: String) async throws -> any PeerStream {
    try await openStream(to: peer, [protocolID])
  }

  public func executor(for peer: PeerID) -> EventLoopTaskExecutor? { connection(with: peer)?.executor }

  public func serve(
    _ protocolID: String, _ handler: @escaping @Sendable (any PeerStream) async throws -> Void
  ) -> Bool {
    handleIfFree(protocolID, on: .eventLoop) { try await handler($0) }
  }
}

extension P2PStream: PeerStream {
  public var peerKey: PublicKey? { connection.peerKey }

  public func write(_ bytes: ByteBuffer) async throws { try await write(bytes, framing: .split) }

  public func setDeadline(in time: Duration?) {
    setDeadline(time.map { .now() + TimeAmount($0) })
  }
}
