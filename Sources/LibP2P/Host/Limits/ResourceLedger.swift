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
/// Scopes that are not in use take no memory, so strangers can't grow the ledger.
struct ResourceLedger {
  private let limits: ResourceLimits
  private var usage: [ResourceScopeID: ResourceUsage] = [:]

  init(limits: ResourceLimits) { self.limits = limits }

  /// What a scope uses now.
  subscript(scope: ResourceScopeID) -> ResourceUsage { usage[scope] ?? ResourceUsage() }

  /// Scopes in use.
  var scopeCount: Int { usage.count }

  /// Enters `amount` in every scope.
  ///
  /// - Throws: ``ResourceLimitError``, and nothing is entered, if one of them would exceed its limit.
  mutating func reserve(_ amount: ResourceUsage, in scopes: [ResourceScopeID]) throws(ResourceLimitError) {
    for scope in scopes {
      if let excess = (self[scope] + amount).excess(over: limit(of: scope)) {
        throw ResourceLimitError(scope: scope, resource: excess)
      }
    }
    for scope in scopes { usage[scope, default: ResourceUsage()] = self[scope] + amount }
  }

  /// Takes `amount` out of every scope.
  mutating func release(_ amount: ResourceUsage, in scopes: [ResourceScopeID]) {
    for scope in scopes {
      let rest = self[scope] - amount
      usage[scope] = rest == ResourceUsage() ? nil : rest
    }
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
