/// What a worker is told when it starts: where its node is and under which name to register (docs/workers.md).
public struct WorkerInvitation: Sendable, Hashable {
  public static let controlVariable = "VALIDATORD_CONTROL"
  public static let namespaceVariable = "VALIDATORD_NAMESPACE"
  public static let pipeVariable = "VALIDATORD_PIPE"
  public static let threadsVariable = "VALIDATORD_THREADS"
  /// What every namespace of a worker begins with. No peer may call a handle name that begins so.
  public static let namespacePrefix = "worker_"
  /// The descriptor of a worker's pipe.
  static let pipe: Int32 = 3

  /// The node's control socket, a multiaddr such as `/unix/run/validatord/control.sock`; empty if it has none.
  public var control: String
  /// What goes before its handle names, `namespace::Class.rpc_method`; another one for every start, so that what a
  /// dead worker left behind can't stand in the way.
  public var namespace: String

  /// - Parameter namespace: begins with ``namespacePrefix``.
  public init(control: String, namespace: String) {
    self.control = control
    self.namespace = namespace
  }

  /// An invitation to a worker that starts now.
  static func make(control: String) -> WorkerInvitation {
    WorkerInvitation(control: control, namespace: namespacePrefix + String(UInt64.random(in: .min ... .max), radix: 16))
  }

  /// Reads what this process was told.
  ///
  /// - Throws: ``WorkerError`` `worker.uninvited`.
  init(environment: [String: String]) throws(WorkerError) {
    guard let control = environment[Self.controlVariable], let namespace = environment[Self.namespaceVariable],
      namespace.hasPrefix(Self.namespacePrefix), environment[Self.pipeVariable] == "\(Self.pipe)"
    else { throw WorkerError(.uninvited, "this process was not started as a worker") }
    self.init(control: control, namespace: namespace)
  }

  var variables: [String: String] {
    [Self.controlVariable: control, Self.namespaceVariable: namespace, Self.pipeVariable: "\(Self.pipe)"]
  }
}
