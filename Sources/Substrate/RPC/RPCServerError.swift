/// The error object of a JSON-RPC answer: what the node says.
public struct RPCServerError: Sendable, Hashable, CustomStringConvertible {
  /// The code of a method that the node does not offer.
  static let methodNotFound: Int64 = -32601
  /// Characters of a node's text that are kept; a hostile one may send megabytes.
  static let maximumTextLength = 1024

  public let code: Int64
  public let message: String
  /// The node's details, usually a text: for 1010 the reason why the transaction is invalid.
  public let data: JSONValue?

  public init(code: Int64, message: String, data: JSONValue? = nil) {
    self.code = code
    self.message = Self.clipped(message)
    self.data = data.map { if case .string(let text) = $0 { .string(Self.clipped(text)) } else { $0 } }
  }

  /// The reason text in ``data``, if it is one.
  public var reason: String? { data?.stringValue }

  public var description: String { "\(code) \(message)\(reason.map { ": \($0)" } ?? "")" }

  private static func clipped(_ text: String) -> String {
    // Control characters of a stranger's text could forge log lines.
    String(
      text.prefix(maximumTextLength).map {
        $0.isNewline || $0.unicodeScalars.contains { $0.value < 0x20 } ? " " : $0
      })
  }
}

/// Codes of Substrate's RPC and of JSON-RPC servers (spec/chain.md §4).
extension RPCServerError {
  /// 1012 and 1013: the pool has, or just had, this very transaction, so a repeated submission succeeded.
  public var isAlreadyKnown: Bool { code == 1012 || code == 1013 }

  /// 1010: the transaction is not valid as things stand; ``reason`` says why.
  public var isInvalidTransaction: Bool { code == 1010 }

  /// 1014: another transaction with the same nonce is in the pool.
  public var isPriorityTooLow: Bool { code == 1014 }

  /// 4003 about a block that this node does not have, or no longer has the state of.
  public var isUnknownBlock: Bool {
    code == 4003
      && ["unknown Block", "UnknownBlock", "already discarded", "not found"].contains(where: text.contains)
  }

  private var text: String { message + " " + (reason ?? "") }

  public var failureClass: FailureClass {
    switch code {
    case 1010: isMatterOfTime ? .staleView : .permanent
    case 1014: .staleView
    case 1011, 1012, 1013: .transient
    case 4003: isUnknownBlock ? .endpoint : .permanent
    // Work limit of public gateways, request limit, too many subscriptions, server busy.
    case -32004, -32005, -32006, -32009: .rate
    case -32603, -32000: .transient
    default: .permanent
    }
  }

  /// 1010 because of nonce or era, which a fresh look at the chain can mend.
  private var isMatterOfTime: Bool {
    ["outdated", "in the future", "ancient birth block", "exhaust the block limits"].contains(
      where: text.contains)
  }

  var remedy: String {
    switch code {
    case 1010:
      isMatterOfTime
        ? "Read nonce and era again and look whether the transaction is already on the chain."
        : "Mend what the reason names; the same bytes will be refused again."
    case 1011: "Try again; the node could not judge the transaction."
    case 1012, 1013: "The pool knows this transaction; follow it on the chain."
    case 1014: "Another transaction with this nonce waits in the pool; follow it, or raise the tip."
    case 1001, 1002: "The transaction was built for another runtime; read the metadata again and rebuild it."
    case 4003 where isUnknownBlock: "Use a node that has this block, or an archive node for an old state."
    case Self.methodNotFound:
      "The node does not offer this method; check its version and its --rpc-methods setting."
    case -32602: "The parameters do not fit this node's runtime generation."
    case -32004, -32005, -32006, -32009: "Send less, or use an endpoint of your own."
    default: ""
    }
  }
}
