public import LibP2P

/// Why a servicer can't be registered.
public struct ServicerError: LibP2PError, Equatable {
  /// The kinds of failure; the raw value is the stable code.
  public enum Code: String, Sendable {
    /// A class, method or namespace can't stand in a handle name.
    case name = "servicer.name"
    /// A servicer lists a method twice.
    case duplicate = "servicer.duplicate"
    /// Something else serves the handle name on this node.
    case served = "servicer.served"
    /// The handlers belong into another process, the worker's (P-16).
    case process = "servicer.process"
  }

  /// Which failure it is.
  public let kind: Code
  public let message: String

  init(_ kind: Code, _ message: String) {
    self.kind = kind
    self.message = message
  }

  public var code: String { kind.rawValue }

  public var remedy: String {
    switch kind {
    case .name: "Use letters, digits and _; names of methods begin with rpc_"
    case .duplicate: "Give each method its own name"
    case .process: "Register them in the worker, through the node's control socket: see docs/workers.md"
    case .served: "Remove the other handlers first, or use a namespace"
    }
  }
}
