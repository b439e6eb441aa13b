public import SwiftProtobuf

/// The procedures of a protocol on a peer, each under the name of its declaration: `stub.rpcRoll(request)`.
///
/// There is none without a ``Gate``, which judges the peer before every call. See
/// ``PeerProtocol/getServerStub(_:_:gate:namespace:semaphore:configuration:)``.
@dynamicMemberLookup
public struct Stub<Protocol: PeerProtocol>: Sendable {
  let caller: Caller

  init(_ caller: Caller) { self.caller = caller }

  public subscript<Request: Message, Response: Message>(
    dynamicMember rpc: KeyPath<Protocol.Type, UnaryRPC<Request, Response>>
  ) -> UnaryCall<Request, Response> { UnaryCall(rpc: Protocol.self[keyPath: rpc], caller: caller) }

  public subscript<Request: Message, Response: Message>(
    dynamicMember rpc: KeyPath<Protocol.Type, ServerStreamRPC<Request, Response>>
  ) -> ServerStreamCall<Request, Response> { ServerStreamCall(rpc: Protocol.self[keyPath: rpc], caller: caller) }

  public subscript<Request: Message, Response: Message>(
    dynamicMember rpc: KeyPath<Protocol.Type, ClientStreamRPC<Request, Response>>
  ) -> ClientStreamCall<Request, Response> { ClientStreamCall(rpc: Protocol.self[keyPath: rpc], caller: caller) }

  public subscript<Request: Message, Response: Message>(
    dynamicMember rpc: KeyPath<Protocol.Type, BidirectionalRPC<Request, Response>>
  ) -> BidirectionalCall<Request, Response> { BidirectionalCall(rpc: Protocol.self[keyPath: rpc], caller: caller) }
}
