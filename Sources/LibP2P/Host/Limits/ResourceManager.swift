import Synchronization

/// Guards the node's ``ResourceLedger``; hands out ``ResourceScope``s that give back what they hold.
final class ResourceManager: Sendable {
  private let ledger: Mutex<ResourceLedger>
  let limits: ResourceLimits

  init(limits: ResourceLimits) {
    self.limits = limits
    ledger = Mutex(ResourceLedger(limits: limits))
  }

  /// What a scope uses now.
  func usage(_ scope: ResourceScopeID) -> ResourceUsage { ledger.withLock { $0[scope] } }

  /// Reserves a connection that is not authenticated yet.
  ///
  /// - Parameter remote: the other end, whose address bounds inbound connections.
  func connection(_ direction: Direction, remote: Multiaddr?) throws(ResourceLimitError) -> ResourceScope {
    let group = direction == .inbound ? remote.flatMap(AddressGroup.init) : nil
    return try ResourceScope(
      self, .connection(direction),
      lasting: [.system] + (group.map { [.address($0)] } ?? []),
      transient: [.transient] + (group.map { [.transientAddress($0)] } ?? []))
  }

  /// Reserves a stream whose protocol is not negotiated yet.
  func stream(_ direction: Direction, peer: PeerID) throws(ResourceLimitError) -> ResourceScope {
    try ResourceScope(self, .stream(direction), lasting: [.system, .peer(peer)], transient: [.transient])
  }

  /// Reserves a stream that is no peer's, such as a socket of a process on this machine.
  func localStream(_ direction: Direction) throws(ResourceLimitError) -> ResourceScope {
    try ResourceScope(self, .stream(direction), lasting: [.system], transient: [])
  }

  fileprivate func reserve(
    _ amount: ResourceUsage, in scopes: [ResourceScopeID]
  ) throws(ResourceLimitError) -> [Int] {
    try ledger.withLock { ledger throws(ResourceLimitError) in try ledger.reserve(amount, in: scopes) }
  }

  fileprivate func reserve(_ amount: ResourceUsage, at places: [Int]) throws(ResourceLimitError) {
    try ledger.withLock { ledger throws(ResourceLimitError) in try ledger.reserve(amount, at: places) }
  }

  fileprivate func release(_ amount: ResourceUsage, at places: [Int]) {
    ledger.withLock { $0.release(amount, at: places) }
  }
}

/// What one connection or stream holds in the ledger. It ends with ``close()``, at the latest when forgotten.
final class ResourceScope: Sendable {
  private struct State {
    var held: ResourceUsage
    /// Places in the ledger.
    var lasting: [Int]
    var transient: [Int]
    var isClosed = false

    var places: [Int] { transient.isEmpty ? lasting : lasting + transient }
  }

  private let manager: ResourceManager
  private let state: Mutex<State>

  fileprivate init(
    _ manager: ResourceManager, _ amount: ResourceUsage, lasting: [ResourceScopeID],
    transient: [ResourceScopeID]
  ) throws(ResourceLimitError) {
    let places = try manager.reserve(amount, in: lasting + transient)
    self.manager = manager
    state = Mutex(
      State(
        held: amount, lasting: Array(places.prefix(lasting.count)), transient: Array(places.dropFirst(lasting.count))))
  }

  deinit { close() }

  /// Leaves the transient scopes for the scopes of a peer or protocol that is known now.
  ///
  /// - Throws: ``ResourceLimitError``, and nothing changes, if one of them has no room.
  func settle(in scopes: [ResourceScopeID]) throws(ResourceLimitError) {
    try state.withLock { state throws(ResourceLimitError) in
      guard !state.isClosed else { return }
      state.lasting += try manager.reserve(state.held, in: scopes)
      manager.release(state.held, at: state.transient)
      state.transient = []
    }
  }

  /// Sets the memory held to `bytes`.
  ///
  /// - Throws: ``ResourceLimitError``, and nothing changes, if there is no room for more.
  func hold(memory bytes: Int) throws(ResourceLimitError) {
    try state.withLock { state throws(ResourceLimitError) in
      guard !state.isClosed, bytes != state.held.memory else { return }
      guard bytes <= manager.limits.stream.memory else { throw .stream }
      let change = ResourceUsage(memory: abs(bytes - state.held.memory))
      if bytes > state.held.memory {
        try manager.reserve(change, at: state.places)
      } else {
        manager.release(change, at: state.places)
      }
      state.held.memory = bytes
    }
  }

  /// Gives everything back.
  func close() {
    state.withLock { state in
      guard !state.isClosed else { return }
      state.isClosed = true
      manager.release(state.held, at: state.places)
    }
  }
}
