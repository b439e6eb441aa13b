/// One stream or unary call that is about to pass between a peer and a client of the control socket.
public struct ControlPassage: Sendable, Hashable {
  /// Who calls: ``Direction/inbound`` is a peer that calls a client's handler, ``Direction/outbound`` a client that
  /// calls a peer.
  public let direction: Direction
  /// The peer: authenticated if it calls, to be authenticated if it is called.
  public let peer: PeerID
  /// The protocol, which for a unary call is the handler's name.
  public let protocolID: String

  /// - Parameters:
  ///   - direction: who calls.
  ///   - peer: the peer at the other end.
  ///   - protocolID: what is called.
  public init(direction: Direction, peer: PeerID, protocolID: String) {
    self.direction = direction
    self.peer = peer
    self.protocolID = protocolID
  }
}

/// Judges every stream and every unary call between peers and the clients of a control socket, before any of its bytes
/// pass. Proof of stake plugs in here: a client has the node's identity, so it gets the node's gate as well.
public protocol ControlGate: Sendable {
  /// Lets a call pass by returning.
  ///
  /// - Throws: why not. A client reads it, a peer only sees its stream aborted.
  func admit(_ passage: ControlPassage) async throws
}

/// Lets nothing pass: clients can ask who the node is and register handlers, which nobody reaches.
public struct ClosedControlGate: ControlGate {
  public init() {}

  /// - Throws: ``ControlError`` `control.gate-closed`.
  public func admit(_ passage: ControlPassage) throws {
    throw ControlError(.gateClosed, "no call passes the gate of this control socket")
  }
}

/// Lets everything pass, whoever the peer is. For tests and for tools on one machine.
public struct InsecureControlGate: ControlGate {
  public init() {}

  public func admit(_ passage: ControlPassage) {}
}
