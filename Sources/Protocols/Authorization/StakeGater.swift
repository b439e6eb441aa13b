public import LibP2P
public import Logging
public import ServiceLifecycle
import Synchronization

/// Lets a host connect only with peers that have their stake, and closes the connections of those that lose it, with
/// every stream on them.
///
///     let gater = StakeGater(stake: stakes, allowing: bootnodes)
///     configuration.gater = gater
///     let host = try P2PHost(configuration)
///     gater.guard(host)
///
/// Run it as a service beside the host; without that it only keeps peers out. The connection is the first gate and
/// not the only one: calls stand behind a ``Gate`` all the same, so peers that are allowed here without stake can
/// find peers and be found, and call nothing.
public final class StakeGater: ConnectionGater, Service {
  /// How long the question about a peer may take; longer is a no. The whole upgrade of a connection has ten seconds.
  public static let patience = Duration.seconds(5)
  /// The pause before revocations are asked for again after their stream has ended.
  private static let pause = Duration.seconds(1)

  private struct Guarded {
    weak var host: P2PHost?
  }

  private let stake: any StakeVerifier
  private let minimum: NodeClass
  private let allowed: Set<PeerID>
  private let patience: Duration
  private let logger: Logger
  /// Weak, since the host holds its gater.
  private let guarded = Mutex<[Guarded]>([])

  /// - Parameters:
  ///   - minimum: the class that a peer's node must have reached.
  ///   - allowed: peers that need no stake here, such as bootnodes.
  ///   - patience: how long the question about a peer may take.
  public init(
    stake: any StakeVerifier, atLeast minimum: NodeClass = .registered, allowing allowed: Set<PeerID> = [],
    patience: Duration = StakeGater.patience, logger: Logger = Logger(label: "protocols.stake")
  ) {
    self.stake = stake
    self.minimum = minimum
    self.allowed = allowed
    self.patience = patience
    self.logger = logger
  }

  /// Closes connections of `host`, too, when their peers lose their stake. Comes before ``run()``.
  public func `guard`(_ host: P2PHost) {
    guarded.withLock { $0 = $0.filter { $0.host != nil } + [Guarded(host: host)] }
  }

  // MARK: New connections

  public func allowsConnection(with peer: PeerID, at address: Multiaddr, _ direction: Direction) async -> Bool {
    if allowed.contains(peer) { return true }
    let standing = await standing(of: peer, isStranger: direction == .inbound)
    if standing != .staked {
      logger.debug("connection refused", metadata: ["peer": "\(peer)", "standing": "\(standing)"])
    }
    return standing == .staked
  }

  private func standing(of peer: PeerID, isStranger: Bool = false) async -> Standing {
    await withTaskGroup(of: Standing?.self) { group in
      group.addTask {
        isStranger
          ? await self.stake.standing(ofStranger: peer, atLeast: self.minimum)
          : await self.stake.standing(of: peer, atLeast: self.minimum)
      }
      group.addTask {
        try? await Task.sleep(for: self.patience)
        return nil
      }
      defer { group.cancelAll() }
      return await group.next().flatMap(\.self) ?? .unknown("the question took too long")
    }
  }

  // MARK: Connections that stand

  /// Watches until the service group shuts down.
  public func run() async throws {
    try? await cancelWhenGracefulShutdown {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for host in self.hosts {
          // A stake that went while its peer's connection was being made is nobody's revocation.
          let events = host.events(includesStreams: false)
          group.addTask {
            for await case .connected(let connection) in events { await self.judge(connection.peer) }
          }
        }
        group.addTask { try await self.watchRevocations() }
        try await group.waitForAll()
      }
    }
  }

  private var hosts: [P2PHost] { guarded.withLock { $0.compactMap(\.host) } }

  private func watchRevocations() async throws {
    while true {
      // Asked for first: what is revoked from here on is in the stream, what was before shows in the standings.
      let revocations = stake.revocations()
      for peer in Set(hosts.flatMap(\.peers)) { await judge(peer) }
      for await peer in revocations { await judge(peer, isRevoked: true) }
      try await Task.sleep(for: Self.pause)
    }
  }

  /// Closes the peer's connections if it may have none. Not knowing is no reason to, unless the chain has just said
  /// that something of the peer's is gone.
  private func judge(_ peer: PeerID, isRevoked: Bool = false) async {
    guard !allowed.contains(peer), hosts.contains(where: { !$0.connections(with: peer).isEmpty }) else { return }
    switch await standing(of: peer) {
    case .staked: return
    case .unknown where !isRevoked: return
    case .notStaked, .unknown: break
    }
    logger.notice("connections closed: the peer's stake is gone", metadata: ["peer": "\(peer)"])
    for host in hosts { host.disconnect(peer) }
  }
}
