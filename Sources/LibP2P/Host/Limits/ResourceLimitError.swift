/// A limit of ``ResourceLimits`` that would have been exceeded.
public struct ResourceLimitError: LibP2PError, Equatable {
  public let message: String
  public let code: String

  init(scope: ResourceScopeID, resource: String) {
    let name =
      switch scope {
      case .system: "the node"
      case .transient: "strangers together"
      case .transientAddress: "strangers at one address"
      case .address: "one address"
      case .peer(let peer): "peer \(peer)"
      case .protocol(let name): "protocol \(name.quotedForLog())"
      case .protocolPeer(let name, let peer): "protocol \(name.quotedForLog()) with peer \(peer)"
      }
    message = "the limit of \(resource) for \(name) is reached"
    code = "resource.\(resource.replacing(" ", with: "-"))"
  }

  /// The memory of a single stream.
  static let stream = ResourceLimitError(message: "the buffers of a stream are full", code: "resource.memory")

  private init(message: String, code: String) {
    self.message = message
    self.code = code
  }

  public var remedy: String { "Wait until something is released, or raise the limit" }
}
