import NIOCore
import Synchronization

/// Identify and identify-push on a host: says who this node is, asks who others are, and hears when they change.
public final class IdentifyService: Sendable {
  /// The protocol by which a peer is asked.
  public static let protocolID = "/ipfs/id/1.0.0"
  /// The protocol by which a peer tells changes.
  public static let pushProtocolID = "/ipfs/id/push/1.0.0"
  /// Answers given at once to a peer …
  static let answerBurst = 128
  /// … and the time after which one more is.
  static let answerInterval = TimeAmount.milliseconds(100)
  /// Pushes taken at once from a peer …
  static let pushBurst = 10
  /// … and the time after which one more is.
  static let pushInterval = TimeAmount.seconds(5)
  /// Pushes under way to other peers at a time.
  static let maximumPushes = 16

  private let host: P2PHost
  private let store: PeerStore
  private let agentVersion: String
  private let answers = Mutex(PeerBudgets(burst: answerBurst, interval: answerInterval))
  private let pushes = Mutex(PeerBudgets(burst: pushBurst, interval: pushInterval))
  private let identified: @Sendable (P2PConnection, IdentifyMessage) -> Void

  /// Serves both protocols on `host`.
  ///
  /// - Parameters:
  ///   - agentVersion: names this software, such as `validatord/0.1.0`.
  ///   - identified: told whenever a peer said who it is, also when that changed.
  public init(
    _ host: P2PHost, store: PeerStore, agentVersion: String,
    identified: @escaping @Sendable (P2PConnection, IdentifyMessage) -> Void = { _, _ in }
  ) {
    self.host = host
    self.store = store
    self.agentVersion = agentVersion
    self.identified = identified
    host.handle(Self.protocolID, on: .eventLoop) { [weak self] in try await self?.answer($0) }
    host.handle(Self.pushProtocolID, on: .eventLoop) { [weak self] in try await self?.hear($0) }
  }

  /// Asks the peer at the other end who it is, and takes over what it says.
  ///
  /// - Throws: ``IdentifyError``, and what ``P2PConnection/openStream(_:assumed:)`` and reading throw.
  @discardableResult
  public func identify(_ connection: P2PConnection) async throws -> IdentifyMessage {
    let stream = try await connection.openStream([Self.protocolID])
    defer { stream.close() }
    stream.closeWrite()
    return take(try await read(stream), of: connection)
  }

  /// Tells every connected peer that listens for it what this node serves and where, after that changed.
  public func push() async {
    let connections = host.peers
      .filter { store.identity(of: $0)?.protocols.contains(Self.pushProtocolID) == true }
      .compactMap { host.connections(with: $0).first }
    await withTaskGroup(of: Void.self) { group in
      for (number, connection) in connections.enumerated() {
        if number >= Self.maximumPushes { await group.next() }
        // A peer that can't be told learns it when it asks.
        group.addTask { try? await self.push(to: connection) }
      }
    }
  }

  private func push(to connection: P2PConnection) async throws {
    let stream = try await connection.openStream([Self.pushProtocolID])
    defer { stream.close() }
    try await tell(stream)
  }

  /// What this node says about itself across `connection`.
  func message(for connection: P2PConnection) -> IdentifyMessage {
    var message = IdentifyMessage()
    message.publicKey = host.configuration.identity.publicKey
    message.listenAddresses = Array(
      host.advertisedAddresses.filter { AddressBook.isUsable($0, across: connection.remoteAddress) }
        .prefix(IdentifyMessage.maximumAddresses))
    message.protocols = Array(host.protocols.prefix(IdentifyMessage.maximumProtocols))
    message.observedAddress = connection.remoteAddress.withoutPeer
    message.protocolVersion = "ipfs/0.1.0"
    message.agentVersion = agentVersion
    return message
  }

  private func answer(_ stream: P2PStream) async throws {
    guard answers.withLock({ $0.take(stream.peer, now: .now()) }) else {
      throw IdentifyError(.tooOften, "\(stream.peer) asks too often")
    }
    try await tell(stream)
  }

  private func tell(_ stream: P2PStream) async throws {
    stream.setDeadline(.now() + host.configuration.timeouts.identify)
    // In one piece: py-libp2p takes the first read for the message (subnet-wire.md §1.6).
    let body = message(for: stream.connection).body
    try await stream.write(FrameDecoder.frame(body), framing: .whole)
    stream.closeWrite()
  }

  private func hear(_ stream: P2PStream) async throws {
    guard pushes.withLock({ $0.take(stream.peer, now: .now()) }) else {
      throw IdentifyError(.tooOften, "\(stream.peer) pushes too often")
    }
    take(try await read(stream), of: stream.connection)
  }

  private func read(_ stream: P2PStream) async throws -> IdentifyMessage {
    stream.setDeadline(.now() + host.configuration.timeouts.identify)
    var reader = IdentifyReader(from: stream.peer)
    while let bytes = try await stream.read() { try reader.receive(bytes) }
    return try reader.finish()
  }

  @discardableResult
  private func take(_ message: IdentifyMessage, of connection: P2PConnection) -> IdentifyMessage {
    let peer = connection.peer
    let whole = store.take(message, of: peer, at: connection.remoteAddress, now: .now())
    // Peers may have gone while they spoke, unseen.
    if host.connections(with: peer).isEmpty { store.disconnected(peer) }
    store.forgetIdentities(exceptOf: host.peers)
    host.noteProtocols(Set(whole.protocols), of: peer)
    if let observed = message.observedAddress { host.noteObserved(observed, by: connection) }
    identified(connection, whole)
    return whole
  }
}
