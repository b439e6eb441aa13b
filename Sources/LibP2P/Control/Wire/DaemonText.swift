/// Words for a client about what failed in the node: those of p2pd where its clients know them (mesh-wire.md §1.7),
/// otherwise the error's own.
enum DaemonText {
  /// - Parameter protocols: what was to be opened.
  static func of(_ error: any Error, opening protocols: [String] = []) -> String {
    switch error {
    case let error as NegotiationError where error.kind == .unsupported:
      "failed to negotiate protocol: protocols not supported: [\(protocols.joined(separator: " "))] [\(error.code)]"
    case let error as HostError where error.kind == .ownself: "failed to dial: dial to self attempted [\(error.code)]"
    case let error as KademliaError where error.kind == .notFound:
      "failed to find any peer in table: \(error.message) [\(error.code)]"
    case let error as StreamError where error.kind == .reset: "stream reset [\(error.code)]"
    case let error as ControlError where error.text != nil: error.text ?? ""
    case let error as any LibP2PError: "\(error.message) [\(error.code)]"
    case is CancellationError: "context canceled"
    default: "internal error"
    }
  }
}
