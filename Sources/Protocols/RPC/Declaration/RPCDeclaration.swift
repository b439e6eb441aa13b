public import SwiftProtobuf

/// What the four kinds of declarations have in common; see ``RPC``.
public protocol RPCDeclaration<Request, Response>: Sendable {
  associatedtype Request: Message
  associatedtype Response: Message

  static var kind: RPCKind { get }
  /// The method's name on the wire, `rpc_…`.
  var method: String { get }
}

extension RPCDeclaration {
  public var kind: RPCKind { Self.kind }
  public var requestType: any Message.Type { Request.self }
  public var responseType: any Message.Type { Response.self }
}

/// How many messages each side of a call sends. Everything but ``unary`` speaks the stream framing
/// (mesh-wire.md §2.1).
public enum RPCKind: String, Sendable, CaseIterable {
  case unary, serverStream, clientStream, bidirectional

  public var streamsRequests: Bool { self == .clientStream || self == .bidirectional }
  public var streamsResponses: Bool { self == .serverStream || self == .bidirectional }
}
