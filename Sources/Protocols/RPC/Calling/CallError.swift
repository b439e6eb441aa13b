import Foundation
public import LibP2P

/// Why a call failed, where neither a ``Refusal`` nor the transport is the reason.
public struct CallError: LibP2PError, Equatable {
  /// The kinds of failure; the raw value is the stable code.
  public enum Code: String, Sendable {
    /// The peer's handler failed, or the peer refused; ``CallError/remoteText`` is what it said.
    case remote = "rpc.remote"
    /// The peer ended the call without an answer.
    case noAnswer = "rpc.no-answer"
    /// The stream ended inside a message, or before it should.
    case truncated = "rpc.truncated"
    /// The peer broke the framing.
    case malformed = "rpc.malformed"
    /// The bytes of a message are no message of the declared type.
    case undecodable = "rpc.undecodable"
    /// A message is longer than the limit, this side's or the peer's.
    case tooLong = "rpc.too-long"
    /// What was given to be sent is no request of the procedure.
    case request = "rpc.request"
    /// There was no answer in time.
    case timeout = "rpc.timeout"
  }

  /// Which failure it is.
  public let kind: Code
  public let message: String
  /// What the peer said, as it said it; not fit for logs as it is.
  public let remoteText: String?

  init(_ kind: Code, _ message: String) {
    self.kind = kind
    self.message = message
    remoteText = nil
  }

  /// The failure that a peer reports. Bytes that are no UTF-8 are replaced.
  init(remote text: Data) {
    kind = .remote
    remoteText = String(decoding: text, as: UTF8.self)
    message = "the peer failed: \((remoteText ?? "").quotedForLog(limit: 256))"
  }

  public var code: String { kind.rawValue }

  public var remedy: String {
    switch kind {
    case .remote, .noAnswer: "See the log of the peer"
    case .truncated: "Treat what came as incomplete, and call again"
    case .malformed, .undecodable: "Check that both sides were built from the same schema"
    case .request: "Check its fields and their types"
    case .tooLong: "Send less at a time, use a stream, or raise the limit on both sides"
    case .timeout: "Allow more time, or try another peer"
    }
  }
}
