public import SwiftProtobuf

/// Declares a remote procedure by its messages, its kind and its name on the wire.
///
///     static let rpcRoll = RPC<RollRequest, Roll>.unary("rpc_roll")
///
/// The one declaration stands behind handler and stub, so that names, messages and kinds can't drift apart, and a
/// handler or a call of another kind doesn't compile.
public enum RPC<Request: Message, Response: Message> {
  /// One request, one response, in one envelope each (mesh-wire.md §2.2).
  public static func unary(_ method: String) -> UnaryRPC<Request, Response> { UnaryRPC(method: method) }

  /// One request, any number of responses.
  public static func serverStream(_ method: String) -> ServerStreamRPC<Request, Response> {
    ServerStreamRPC(method: method)
  }

  /// Any number of requests, one response.
  public static func clientStream(_ method: String) -> ClientStreamRPC<Request, Response> {
    ClientStreamRPC(method: method)
  }

  /// Any number of requests and responses, each side at its own pace.
  public static func bidirectional(_ method: String) -> BidirectionalRPC<Request, Response> {
    BidirectionalRPC(method: method)
  }
}
