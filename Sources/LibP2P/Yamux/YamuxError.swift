/// Why a Yamux session ended or refused something.
public struct YamuxError: LibP2PError, Equatable {
  /// The kinds of failure; the raw value is the stable code.
  public enum Code: String, Sendable {
    case version = "yamux.version"
    case frameType = "yamux.frame-type"
    case streamID = "yamux.stream-id"
    case windowExceeded = "yamux.window-exceeded"
    case flood = "yamux.flood"
    case controlQueue = "yamux.control-queue"
    case keepalive = "yamux.keepalive"
    case goneAway = "yamux.gone-away"
    case streamLimit = "yamux.stream-limit"
    case streamClosed = "yamux.stream-closed"
    case frameExceedsWindow = "yamux.frame-exceeds-window"
  }

  /// Which failure it is.
  public let kind: Code
  public let message: String

  init(_ kind: Code, _ message: String) {
    self.kind = kind
    self.message = message
  }

  public var code: String { kind.rawValue }

  /// Whether the peer broke the protocol, as opposed to an end that honest peers come to as well.
  public var isMisbehaviour: Bool {
    switch kind {
    case .version, .frameType, .streamID, .windowExceeded, .flood, .controlQueue: true
    case .keepalive, .goneAway, .streamLimit, .streamClosed, .frameExceedsWindow: false
    }
  }

  public var remedy: String {
    switch kind {
    case .keepalive: "The peer or the network is gone; dial again after a pause"
    case .goneAway: "The connection is closing; use a new one"
    case .streamLimit: "Wait until other streams of this connection have ended"
    case .streamClosed: "Open a new stream"
    case .frameExceedsWindow: "Send less at once, or let the write be split"
    default: "The peer breaks the protocol; the connection is closed"
    }
  }
}
