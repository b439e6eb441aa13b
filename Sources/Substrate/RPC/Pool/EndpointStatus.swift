/// How one endpoint of a pool does, for people and dashboards.
public struct EndpointStatus: Sendable {
  public enum State: String, Sendable {
    case waiting, connecting, up, quarantined
    /// Up, but claims a height that the others contradict.
    case disbelieved
  }

  /// Scheme, host and port.
  public let name: String
  public let state: State
  /// Why it is not up, or was last not.
  public let reason: RPCError?
  public let best: ChainHead?
  public let finalized: ChainHead?
  /// Blocks behind the best head of the pool.
  public let lag: UInt64
  /// Moving average of the time a call takes, in seconds.
  public let latency: Double?
  /// Failures since the last success.
  public let failuresInARow: Int
}

extension PoolStateMachine {
  /// A snapshot of every endpoint.
  var status: [EndpointStatus] {
    endpoints.indices.map { index in
      let health = endpoints[index]
      let state: EndpointStatus.State =
        switch health.link {
        case .waiting: .waiting
        case .connecting: .connecting
        case .up: isOutlier(index) ? .disbelieved : .up
        case .quarantined: .quarantined
        }
      return EndpointStatus(
        name: names[index], state: state, reason: health.reason, best: health.best,
        finalized: health.finalized, lag: lag(index), latency: health.latency,
        failuresInARow: health.failures)
    }
  }
}
