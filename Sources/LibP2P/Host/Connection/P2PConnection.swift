public import NIOCore
import Synchronization

/// A secure connection to one authenticated peer, which carries streams in both directions whoever dialed it.
public final class P2PConnection: Sendable, Identifiable {
  private struct State {
    var streams = 0
    var openedByPeer = 0
    var allowance = Int.max
    var lastUse: NIODeadline
    var isRetired = false
    var hasEnded = false
    var roundTrip: TimeAmount?
  }

  /// Unique within the host.
  public let id: UInt64
  /// The peer whose key the handshake proved.
  public let peer: PeerID
  /// That key, which the ids of RSA peers don't hold.
  public let peerKey: PublicKey?
  /// Who dialed.
  public let direction: Direction
  /// The other end's address, as this side sees it.
  public let remoteAddress: Multiaddr
  /// This end's address.
  public let localAddress: Multiaddr?
  /// The security protocol's id, `/noise` or `/pos-transport/1.0.0`.
  public let security: String
  /// When the handshake ended, by the monotonic clock.
  public let established: NIODeadline

  let mailbox: ConnectionMailbox
  private let resources: ResourceManager
  private let state: Mutex<State>

  init(
    id: UInt64, peer: PeerID, peerKey: PublicKey? = nil, direction: Direction, remoteAddress: Multiaddr,
    localAddress: Multiaddr?,
    security: String, mailbox: ConnectionMailbox, resources: ResourceManager, now: NIODeadline
  ) {
    self.id = id
    self.peer = peer
    self.peerKey = peerKey ?? peer.publicKey
    self.direction = direction
    self.remoteAddress = remoteAddress
    self.localAddress = localAddress
    self.security = security
    self.mailbox = mailbox
    self.resources = resources
    established = now
    state = Mutex(State(lastUse: now))
  }

  /// Runs tasks on the connection's event loop. A task that reads or writes its streams much does so cheapest there:
  ///
  ///     try await withTaskExecutorPreference(connection.executor) { … }
  ///
  /// See ``HandlerPlacement/eventLoop`` for what must not be done there.
  public var executor: EventLoopTaskExecutor { mailbox.executor }

  /// Opens a stream in the first of `protocols` that the peer accepts.
  ///
  /// - Parameter assumed: the peer is known to speak the first one: its answer is not waited for, which saves a
  ///   round trip. If it doesn't, the first read fails.
  /// - Throws: ``ResourceLimitError``, ``YamuxError``, ``NegotiationError`` `negotiation.unsupported` when the
  ///   peer speaks none of them, ``StreamError``, `CancellationError`.
  public func openStream(_ protocols: [String], assumed: Bool = false) async throws -> P2PStream {
    let request = OutboundStreamRequest(
      protocols: protocols, isAssumed: assumed,
      resources: try resources.stream(.outbound, peer: peer))
    return try await request.answer { [mailbox] in mailbox.post(.open(request)) }
  }

  /// Closes the connection once no stream is left on it; ``P2PHost`` prefers others from now on.
  public func retire() {
    state.withLock { $0.isRetired = true }
    mailbox.post(.retire)
  }

  /// Lets the peer open so many streams in all. Then the connection takes no more, and closes when those that are open
  /// have ended, so that the peer dials again.
  func limitStreamsOfPeer(to allowance: Int) { state.withLock { $0.allowance = allowance } }

  /// Closes the connection now; streams on it fail.
  public func close() { mailbox.post(.close) }

  /// Streams that are open now.
  public var streamCount: Int { state.withLock(\.streams) }

  /// Streams that the peer has opened so far. py-libp2p 0.6 can open 256 on one connection in all
  /// (subnet-wire.md §1.4).
  public var streamsOpenedByPeer: Int { state.withLock(\.openedByPeer) }

  /// When a stream was last opened or closed.
  public var lastUse: NIODeadline { state.withLock(\.lastUse) }

  /// The latest round trip that a keepalive measured.
  public var roundTrip: TimeAmount? { state.withLock(\.roundTrip) }

  /// Whether it should carry no new streams.
  public var isRetired: Bool { state.withLock { $0.isRetired || $0.hasEnded } }

  // MARK: What its event loop reports

  /// What is left of the streams that the peer may open; nearly spent is nine tenths.
  enum Allowance { case ample, nearlySpent, spent }

  @discardableResult
  func streamOpened(_ direction: Direction, now: NIODeadline) -> Allowance {
    state.withLock { state in
      state.streams += 1
      if direction == .inbound { state.openedByPeer += 1 }
      state.lastUse = now
      if state.openedByPeer >= state.allowance {
        state.isRetired = true
        return .spent
      }
      return state.openedByPeer >= state.allowance / 10 * 9 ? .nearlySpent : .ample
    }
  }

  func streamClosed(now: NIODeadline) {
    state.withLock { state in
      state.streams -= 1
      state.lastUse = now
    }
  }

  func measured(_ roundTrip: TimeAmount) { state.withLock { $0.roundTrip = roundTrip } }

  func peerGoesAway() { state.withLock { $0.isRetired = true } }

  func ended() { state.withLock { $0.hasEnded = true } }
}

extension P2PConnection: CustomStringConvertible {
  /// Peer, direction and address, for logs.
  public var description: String { "\(direction.rawValue) connection with \(peer) at \(remoteAddress)" }
}
