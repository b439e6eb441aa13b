/// Why a stream, or a read or write on it, failed.
public struct StreamError: LibP2PError, Equatable {
  /// The kinds of failure; the raw value is the stable code.
  public enum Code: String, Sendable {
    /// The peer aborted the stream.
    case reset = "stream.reset"
    /// This side closed or aborted the stream before.
    case closed = "stream.closed"
    /// The connection below is gone.
    case connectionLost = "stream.connection-lost"
    /// The deadline passed.
    case deadline = "stream.deadline"
    /// Two tasks read, or two tasks write, at the same time.
    case concurrentUse = "stream.concurrent-use"
    /// The stream ended where more was expected.
    case truncated = "stream.truncated"
  }

  /// Which failure it is.
  public let kind: Code
  public let message: String

  package init(_ kind: Code, _ message: String) {
    self.kind = kind
    self.message = message
  }

  public var code: String { kind.rawValue }

  public var remedy: String {
    switch kind {
    case .reset: "The peer gave the call up; see its log for the reason"
    case .closed: "Open a new stream"
    case .connectionLost: "Open a new stream; a peer that hangs up each time does not want this node"
    case .deadline: "Allow more time, or try another peer"
    case .concurrentUse: "Let one task read and one task write"
    case .truncated: "The peer sent less than it announced; treat what came as incomplete"
    }
  }
}
