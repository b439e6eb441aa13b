public import Protocols

/// How a node's inference is, for health and metrics.
public struct HosterStatus: Sendable, Hashable {
  /// What `rpc_info` says.
  public var role: NodeRole
  /// What it has to do; nil for a node without a model.
  public var load: InferenceLoad?
  /// Its workers; empty if it computes without.
  public var workers: [WorkerStatus]

  /// Whether requests can be answered: one worker at least is ready, if there are any.
  public var isReady: Bool { workers.isEmpty || workers.contains { $0.phase == .ready } }

  /// Whether somebody should look: a worker fails again and again.
  public var isDegraded: Bool { workers.contains(where: \.isDegraded) }
}
