import Logging
import NIOCore
import Synchronization

/// Kademlia on a host: answers who is close to a key, and finds the addresses of peers that are to be called.
public final class KademliaService: PeerRouting {
  /// The id of libp2p's public network, which both stacks use.
  public static let protocolID = "/ipfs/kad/1.0.0"
  /// What one request may take, with the dial before it.
  static let queryTimeout = TimeAmount.seconds(10)
  /// What a look-up may take.
  static let lookupTimeout = Duration.seconds(30)
  /// A served stream on which nothing comes for so long is aborted.
  static let idleTimeout = TimeAmount.seconds(60)
  /// Requests answered at once to a peer …
  static let requestBurst = 64
  /// … and the time after which one more is.
  static let requestInterval = TimeAmount.milliseconds(50)
  /// Between two look-ups that keep the routing table filled.
  static let refreshInterval = Duration.seconds(600)

  /// Whether this node serves requests.
  public enum Mode: String, Sendable, CaseIterable {
    /// Answers requests, and says so by identify.
    case server
    /// Only asks.
    case client
  }

  private struct State {
    var table: RoutingTable
    var providers = ProviderRecords()
    var budgets = PeerBudgets(burst: KademliaService.requestBurst, interval: KademliaService.requestInterval)
  }

  private let host: P2PHost
  private let store: PeerStore
  private let logger: Logger
  private let state: Mutex<State>

  /// - Parameter mode: in ``Mode/server`` the protocol is served on `host`.
  public init(_ host: P2PHost, store: PeerStore, mode: Mode) {
    self.host = host
    self.store = store
    logger = host.configuration.logger
    state = Mutex(State(table: RoutingTable(of: host.peerID)))
    if mode == .server { host.handle(Self.protocolID, on: .eventLoop) { [weak self] in try await self?.serve($0) } }
  }

  /// The number of peers in the routing table.
  public var routingTableCount: Int { state.withLock(\.table.count) }

  /// Takes a peer into the routing table or out of it, as what it serves says.
  func identified(_ peer: PeerID, protocols: [String]) {
    state.withLock { state in
      if protocols.contains(Self.protocolID) {
        state.table.useful(peer, now: .now())
      } else {
        state.table.remove(peer)
      }
    }
  }

  // MARK: Finding

  /// Where `peer` may be reached: as the store knows, else as a look-up finds.
  ///
  /// - Throws: ``KademliaError`` `kad.not-found`, or `CancellationError`.
  public func addresses(of peer: PeerID) async throws -> [Multiaddr] {
    let known = store.addresses(of: peer)
    return known.isEmpty ? try await find(peer) : known
  }

  /// Looks `peer` up in the network, whatever is known already.
  ///
  /// - Throws: as ``addresses(of:)``.
  public func find(_ peer: PeerID) async throws -> [Multiaddr] {
    let lookup = KademliaLookup(for: peer, by: host.peerID, seeds: seeds(KademliaKey(peer)))
    let result = try await run(lookup, KademliaMessage(.findNode, key: peer.bytes))
    guard !result.addresses.isEmpty else {
      throw KademliaError(.notFound, "nobody in reach knows an address of \(peer)")
    }
    store.add(result.addresses, of: peer, from: .hearsay)
    return result.addresses
  }

  /// The peers closest to `key` that answered, closest first.
  ///
  /// - Parameter key: hashed into the key space, as libp2p does with peer ids and names of records.
  public func closestPeers(to key: [UInt8]) async throws -> [PeerID] {
    let target = KademliaKey(hashing: key)
    let lookup = KademliaLookup(closestTo: target, by: host.peerID, seeds: seeds(target))
    return try await run(lookup, KademliaMessage(.findNode, key: key)).closest
  }

  /// Fills the routing table: looks for this node's own place and for one by chance.
  public func refresh() async throws {
    let chance = (0..<32).map { _ in UInt8.random(in: .min ... .max) }
    for key in [host.peerID.bytes, chance] {
      let target = KademliaKey(hashing: key)
      let lookup = KademliaLookup(closestTo: target, by: host.peerID, seeds: seeds(target))
      let result = try await run(lookup, KademliaMessage(.findNode, key: key))
      logger.debug("look-up for the routing table heard \(result.closest.count) peers")
    }
  }

  private func seeds(_ target: KademliaKey) -> [(PeerID, [Multiaddr])] {
    state.withLock { $0.table.closest(to: target) }.map { ($0, store.addresses(of: $0)) }
  }

  private enum Step: Sendable {
    case answered(PeerID, [KademliaMessage.Peer])
    case failed(PeerID)
    case timeout
  }

  private func run(_ lookup: KademliaLookup, _ request: KademliaMessage) async throws -> KademliaLookup.Result {
    try await withThrowingTaskGroup(of: Step.self) { group in
      var lookup = lookup
      defer { group.cancelAll() }
      group.addTask {
        try await Task.sleep(for: Self.lookupTimeout)
        return .timeout
      }
      while true {
        switch lookup.next() {
        case .query(let peer, let addresses):
          group.addTask { await self.query(peer, at: addresses, request) }
        case .finished(let result): return result
        case .wait:
          switch try await group.next() {
          case .answered(let peer, let closerPeers): lookup.answered(peer, closerPeers: closerPeers)
          case .failed(let peer): lookup.failed(peer)
          case .timeout, nil: return lookup.result
          }
        }
      }
    }
  }

  private func query(_ peer: PeerID, at addresses: [Multiaddr], _ request: KademliaMessage) async -> Step {
    do {
      let closerPeers = try await ask(peer, at: addresses, request).closerPeers
      state.withLock { _ = $0.table.useful(peer, now: .now()) }
      return .answered(peer, closerPeers)
    } catch {
      if !Task.isCancelled { state.withLock { $0.table.remove(peer) } }
      logger.debug("\(peer) did not answer a look-up: \(error)")
      return .failed(peer)
    }
  }

  /// Asks one peer. One request per stream: py-libp2p 0.6 takes no more (subnet-wire.md §1.7).
  private func ask(
    _ peer: PeerID, at addresses: [Multiaddr], _ request: KademliaMessage
  ) async throws -> KademliaMessage {
    // Without an address the host would look the peer up, by a look-up within this one.
    guard !addresses.isEmpty || !host.connections(with: peer).isEmpty else {
      throw HostError(.noAddress, "no address of \(peer) is known")
    }
    let stream = try await host.openStream(to: peer, [Self.protocolID], at: addresses)
    defer { stream.close() }
    stream.setDeadline(.now() + Self.queryTimeout)
    try await stream.write(FrameDecoder.frame(request.body), framing: .whole)
    var frames = FrameDecoder(maximumLength: KademliaMessage.maximumLength)
    while let bytes = try await stream.read() {
      frames.append(bytes)
      guard let frame = try frames.next() else { continue }
      var answer = try KademliaMessage(body: [UInt8](buffer: frame))
      guard answer.kind == request.kind else {
        throw KademliaError(.unexpected, "\(peer) answered another question")
      }
      let remote = stream.connection.remoteAddress
      for position in answer.closerPeers.indices {
        answer.closerPeers[position].addresses.removeAll { !AddressBook.isUsable($0, across: remote) }
      }
      return answer
    }
    throw KademliaError(.noAnswer, "\(peer) closed the stream without an answer")
  }

  // MARK: Serving

  private func serve(_ stream: P2PStream) async throws {
    var frames = FrameDecoder(maximumLength: KademliaMessage.maximumLength)
    stream.setDeadline(.now() + Self.idleTimeout)
    while let bytes = try await stream.read() {
      frames.append(bytes)
      while let frame = try frames.next() {
        let request = try KademliaMessage(body: [UInt8](buffer: frame))
        let responder = try responder(for: stream)
        if request.kind == .addProvider { takeProvider(request, from: stream) }
        guard let answer = responder.answer(request, from: stream.peer) else { return }
        try await stream.write(FrameDecoder.frame(answer.body), framing: .whole)
        stream.setDeadline(.now() + Self.idleTimeout)
      }
    }
    try frames.finish()
  }

  /// Notes that the peer provides a key. What it says of others does not count.
  private func takeProvider(_ request: KademliaMessage, from stream: P2PStream) {
    guard let own = request.providers.first(where: { $0.id == stream.peer }) else { return }
    let remote = stream.connection.remoteAddress
    store.add(own.addresses.filter { AddressBook.isUsable($0, across: remote) }, of: own.id, from: .peer)
    state.withLock { $0.providers.add(own.id, of: request.key, now: .now()) }
  }

  /// - Throws: ``KademliaError`` `kad.too-often` when the peer's budget is spent.
  private func responder(for stream: P2PStream) throws(KademliaError) -> KademliaResponder {
    let (isAllowed, table, providers) = state.withLock { state in
      (state.budgets.take(stream.peer, now: .now()), state.table, state.providers)
    }
    guard isAllowed else { throw KademliaError(.tooOften, "\(stream.peer) asks too often") }
    let remote = stream.connection.remoteAddress
    return KademliaResponder(
      ownID: host.peerID, table: table, providers: providers,
      addresses: { peer in self.store.addresses(of: peer).filter { AddressBook.isUsable($0, across: remote) } },
      isConnected: { peer in !self.host.connections(with: peer).isEmpty })
  }
}
