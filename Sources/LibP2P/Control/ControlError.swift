/// Why something at the control socket failed.
public struct ControlError: LibP2PError, Equatable {
  /// The kinds of failure; the raw value is the stable code.
  public enum Code: String, Sendable {
    /// The other side broke the protocol.
    case malformed = "control.malformed"
    /// A message is longer than the limit.
    case tooLong = "control.too-long"
    /// The other side does not read what it is sent.
    case stalled = "control.stalled"
    /// A limit on handlers, calls, streams or bytes is reached.
    case busy = "control.busy"
    /// The node answered that it can't or won't; ``ControlError/text`` is what it said.
    case refused = "control.refused"
    /// The peer's handler failed; ``ControlError/text`` is what it said.
    case handler = "control.handler"
    /// There was no answer in time.
    case timeout = "control.timeout"
    /// The connection with the node or with the client has ended.
    case closed = "control.closed"
    /// The process that served a stream ended in the middle of it.
    case clientDied = "control.client-died"
    /// The gate lets nothing pass.
    case gateClosed = "control.gate-closed"
    /// Another node listens at the path.
    case inUse = "control.in-use"
    /// The socket can't be made at the path.
    case listen = "control.listen"
    /// The other end is a process of a user who is not let in.
    case notPermitted = "control.not-permitted"
    /// Nobody listens at the path.
    case unreachable = "control.unreachable"
  }

  /// Which failure it is.
  public let kind: Code
  public let message: String
  /// What the node or the peer's handler said, as it said it; not fit for logs as it is.
  public let text: String?

  init(_ kind: Code, _ message: String) {
    self.kind = kind
    self.message = message
    text = nil
  }

  /// What the node refused.
  init(refused text: String) {
    kind = .refused
    self.text = text
    message = "the node refused: \(text.quotedForLog(limit: 256))"
  }

  /// How the peer's handler failed.
  init(handler text: String) {
    kind = .handler
    self.text = text
    message = "the peer's handler failed: \(text.quotedForLog(limit: 256))"
  }

  public var code: String { kind.rawValue }

  public var remedy: String {
    switch kind {
    case .malformed: "Check that the other side speaks the protocol of p2pd"
    case .tooLong: "Send less at a time, or use a stream"
    case .stalled: "Read the socket as messages come"
    case .busy: "Wait for calls to end, or raise the limit"
    case .refused: "Read what it said"
    case .handler: "See the log of the peer"
    case .timeout: "Allow more time, or try another peer"
    case .closed: "Connect again when the node runs"
    case .clientDied: "See why the worker ended"
    case .gateClosed: "Give the socket a gate that admits staked peers"
    case .inUse: "Stop the other node, or choose another path"
    case .listen: "Choose a path in a folder of this user, of 107 bytes at most"
    case .notPermitted: "Run as the node's user, or let this user in"
    case .unreachable: "Start the node, or correct the path"
    }
  }
}
