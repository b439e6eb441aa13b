/// What a scope of the resource hierarchy is about.
enum ResourceScopeID: Hashable {
  case system
  case transient
  case transientAddress(AddressGroup)
  case address(AddressGroup)
  case peer(PeerID)
  case `protocol`(String)
  case protocolPeer(String, PeerID)
}

/// Amounts of everything that is limited.
struct ResourceUsage: Equatable {
  var inboundConnections = 0
  var outboundConnections = 0
  var inboundStreams = 0
  var outboundStreams = 0
  var memory = 0

  static func connection(_ direction: Direction) -> ResourceUsage {
    direction == .inbound ? ResourceUsage(inboundConnections: 1) : ResourceUsage(outboundConnections: 1)
  }

  static func stream(_ direction: Direction) -> ResourceUsage {
    direction == .inbound ? ResourceUsage(inboundStreams: 1) : ResourceUsage(outboundStreams: 1)
  }

  static func + (left: Self, right: Self) -> Self { left.combined(right, +) }
  static func - (left: Self, right: Self) -> Self { left.combined(right, -) }

  private func combined(_ other: Self, _ operation: (Int, Int) -> Int) -> Self {
    ResourceUsage(
      inboundConnections: operation(inboundConnections, other.inboundConnections),
      outboundConnections: operation(outboundConnections, other.outboundConnections),
      inboundStreams: operation(inboundStreams, other.inboundStreams),
      outboundStreams: operation(outboundStreams, other.outboundStreams),
      memory: operation(memory, other.memory))
  }

  /// The first bound that is exceeded, by name.
  func excess(over limit: ResourceLimits.Scope) -> String? {
    if inboundConnections > limit.inboundConnections { return "inbound connections" }
    if outboundConnections > limit.outboundConnections { return "outbound connections" }
    if inboundConnections + outboundConnections > limit.connections { return "connections" }
    if inboundStreams > limit.inboundStreams { return "inbound streams" }
    if outboundStreams > limit.outboundStreams { return "outbound streams" }
    if inboundStreams + outboundStreams > limit.streams { return "streams" }
    if memory > limit.memory { return "memory" }
    return nil
  }
}

/// The books of the resource hierarchy: an amount is entered in all its scopes or in none.
///
/// Scopes that are not in use leave their place to others, so strangers can't grow the ledger. A scope keeps its place as long as it
/// is in use, so that whoever holds something in it looks it up once.
struct ResourceLedger {
  private struct Account {
    let scope: ResourceScopeID
    var usage: ResourceUsage
  }

  private let limits: ResourceLimits
  private var accounts: [Account?] = []
  private var free: [Int] = []
  private var places: [ResourceScopeID: Int] = [:]

  init(limits: ResourceLimits) { self.limits = limits }

  /// What a scope uses now.
  subscript(scope: ResourceScopeID) -> ResourceUsage {
    places[scope].flatMap { accounts[$0]?.usage } ?? ResourceUsage()
  }

  /// Scopes in use.
  var scopeCount: Int { places.count }

  /// Enters `amount`, which is not nothing, in every scope.
  ///
  /// - Returns: the places of the scopes, good until what was entered is released.
  /// - Throws: ``ResourceLimitError``, and nothing is entered, if one of them would exceed its limit.
  mutating func reserve(
    _ amount: ResourceUsage, in scopes: [ResourceScopeID]
  ) throws(ResourceLimitError) -> [Int] {
    for scope in scopes { try check(self[scope] + amount, in: scope) }
    return scopes.map { scope in
      let place = places[scope] ?? open(scope)
      add(amount, at: place)
      return place
    }
  }

  /// Enters more at places that are held.
  ///
  /// - Throws: as ``reserve(_:in:)``.
  mutating func reserve(_ amount: ResourceUsage, at places: [Int]) throws(ResourceLimitError) {
    for place in places {
      if let account = accounts[place] { try check(account.usage + amount, in: account.scope) }
    }
    for place in places { add(amount, at: place) }
  }

  /// Takes `amount` out at every place.
  mutating func release(_ amount: ResourceUsage, at places: [Int]) {
    for place in places {
      guard let account = accounts[place] else { continue }
      let rest = account.usage - amount
      if rest == ResourceUsage() {
        accounts[place] = nil
        free.append(place)
        self.places[account.scope] = nil
      } else {
        accounts[place]?.usage = rest
      }
    }
  }

  private func check(_ usage: ResourceUsage, in scope: ResourceScopeID) throws(ResourceLimitError) {
    if let excess = usage.excess(over: limit(of: scope)) { throw ResourceLimitError(scope: scope, resource: excess) }
  }

  private mutating func open(_ scope: ResourceScopeID) -> Int {
    let account = Account(scope: scope, usage: ResourceUsage())
    let place: Int
    if let reused = free.popLast() {
      place = reused
      accounts[place] = account
    } else {
      place = accounts.count
      accounts.append(account)
    }
    places[scope] = place
    return place
  }

  private mutating func add(_ amount: ResourceUsage, at place: Int) {
    guard let usage = accounts[place]?.usage else { return }
    accounts[place]?.usage = usage + amount
  }

  private func limit(of scope: ResourceScopeID) -> ResourceLimits.Scope {
    switch scope {
    case .system: limits.system
    case .transient: limits.transient
    case .transientAddress: limits.transientAddress
    case .address: limits.address
    case .peer: limits.peer
    case .protocol: limits.protocol
    case .protocolPeer: limits.protocolPeer
    }
  }
}
