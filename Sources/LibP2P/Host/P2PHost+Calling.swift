import NIOCore

/// Reaching peers: by address or by id, over the connection that is there or a new one.
extension P2PHost {
  /// Connects with a peer, or returns the connection that is there. Callers at the same time share one dial.
  ///
  /// - Parameters:
  ///   - peer: whom to reach.
  ///   - addresses: where; empty asks the routing.
  /// - Throws: ``HostError``, ``NoiseError`` `noise.peer-mismatch`, ``NegotiationError``, ``ResourceLimitError``,
  ///   `CancellationError`.
  public func connect(to peer: PeerID, at addresses: [Multiaddr] = []) async throws -> P2PConnection {
    guard peer != peerID else { throw HostError(.ownself, "\(peer) is this node itself") }
    switch try way(to: peer) {
    case .connected(let connection): return connection
    case .joining(let flight): return try await flight.wait()
    case .dialing(let flight):
      flight.run(Task { await dial(peer, addresses, flight) })
      return try await flight.wait()
    }
  }

  private enum Way {
    case connected(P2PConnection)
    case joining(DialFlight)
    case dialing(DialFlight)
  }

  private func way(to peer: PeerID) throws -> Way {
    try state.withLock { state in
      if let connection = state.table.best(for: peer) { return .connected(connection) }
      guard !state.isStopping else { throw HostError(.stopped, "the host is not running") }
      if let flight = state.flights[peer] { return .joining(flight) }
      if let end = state.backoff.pause(peer, now: .now()) {
        let seconds = (end - .now()).nanoseconds / 1_000_000_000 + 1
        throw HostError(.backoff, "\(peer) could not be reached; the next attempt is in \(seconds) s")
      }
      let flight = DialFlight()
      state.flights[peer] = flight
      return .dialing(flight)
    }
  }

  /// Connects with whoever is at an address.
  ///
  /// - Throws: as ``connect(to:at:)``.
  public func connect(at address: Multiaddr) async throws -> P2PConnection {
    if let peer = address.peerID { return try await connect(to: peer, at: [address]) }
    return try await race(nil, [address])
  }

  /// Opens a stream with a peer, over the connection that is there or a new one.
  ///
  /// - Parameters:
  ///   - peer: whom to call.
  ///   - protocols: ids that will do, best first.
  ///   - addresses: where to dial if there is no connection; empty asks the routing.
  /// - Throws: as ``connect(to:at:)`` and ``P2PConnection/openStream(_:assumed:)``.
  public func openStream(
    to peer: PeerID, _ protocols: [String], at addresses: [Multiaddr] = []
  ) async throws -> P2PStream {
    let (existing, isAssumed) = state.withLock { state in
      (
        state.table.best(for: peer),
        protocols.count == 1 && state.protocols[peer]?.isSuperset(of: protocols) == true
      )
    }
    if let existing {
      do {
        return try await existing.openStream(protocols, assumed: isAssumed)
      } catch  where existing.isRetired {
        // It went away under our hands, and nothing was asked of the peer yet.
      }
    }
    return try await connect(to: peer, at: addresses).openStream(protocols)
  }

  private func dial(_ peer: PeerID, _ addresses: [Multiaddr], _ flight: DialFlight) async {
    let result: Result<P2PConnection, any Error>
    do {
      var known = addresses
      if known.isEmpty, let routing = state.withLock(\.routing) {
        known = try await routing.addresses(of: peer)
      }
      result = .success(try await race(peer, known))
    } catch {
      result = .failure(error)
    }
    state.withLock { state in
      state.flights[peer] = nil
      switch result {
      case .success: state.backoff.succeeded(peer)
      case .failure(let error):
        guard !(error is CancellationError) else { return }
        var random = SystemRandomNumberGenerator()
        state.backoff.failed(peer, now: .now(), using: &random)
      }
    }
    if case .failure(let error as any LibP2PError) = result { publish(.dialFailed(peer, error)) }
    flight.complete(result)
  }

  private func race(_ peer: PeerID?, _ addresses: [Multiaddr]) async throws -> P2PConnection {
    var targets: [DialTarget] = []
    var reason = HostError(.noAddress, "no address of \(peer?.description ?? "the peer") can be dialed")
    for address in addresses.prefix(DialTarget.maximumCount) {
      guard peer == nil || address.peerID == nil || address.peerID == peer, let endpoint = address.tcpEndpoint
      else { continue }
      guard configuration.gater.allowsDial(to: peer, at: address) else {
        reason = HostError(.refused, "the policy refuses to dial \(address)")
        continue
      }
      do {
        targets += try await NameResolver.resolve(endpoint).map { DialTarget(address: address, socket: $0) }
      } catch let error as HostError {
        reason = error
      }
    }
    guard !targets.isEmpty else { throw reason }
    let maker = maker
    return try await DialRace(
      attemptDelay: configuration.timeouts.attemptDelay, deadline: configuration.timeouts.dial
    ) { try await maker.dial($0, peer: peer) }.run(DialTarget.ordered(targets))
  }
}
