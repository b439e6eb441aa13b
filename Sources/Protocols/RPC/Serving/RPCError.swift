/// What a handler throws to tell its caller why it failed, in words meant for the caller.
///
/// Of any other error the caller learns only that there was one; the error itself goes to this node's log.
public struct RPCError: Error, Hashable, CustomStringConvertible {
  /// The most Unicode scalars of a text that are sent. A character may be made of any number of them.
  public static let maximumLength = 1024

  /// The name of a Python exception: what callers of the published stack know errors by.
  public let kind: String
  public let text: String

  public init(_ text: String, kind: String = "RuntimeError") {
    self.kind = kind
    self.text = String(text.unicodeScalars.prefix(Self.maximumLength))
  }

  /// A fault of the caller that this side noticed.
  init(_ fault: CallError) { self.init(fault.message, kind: "DecodeError") }

  /// All that a caller learns of an error that was not meant for it.
  static let unspecified = RPCError("internal error")

  /// What a published node answers when an authorizer refuses a request (mesh-wire.md §3.8).
  static let refused = RPCError("'NoneType' object has no attribute 'SerializeToString'", kind: "AttributeError")

  /// `ValueError('unlucky')`: as Python writes an exception, which is the form of unary errors (mesh-wire.md §2.2).
  public var description: String {
    let quote: Character = text.contains("'") && !text.contains("\"") ? "\"" : "'"
    let escaped = text.unicodeScalars.map { scalar in
      switch scalar {
      case "\\": "\\\\"
      case "\n": "\\n"
      case "\r": "\\r"
      case "\t": "\\t"
      case _ where Character(scalar) == quote: "\\\(quote)"
      case _ where scalar.value < 0x20 || scalar.value == 0x7f:
        "\\x" + (scalar.value < 0x10 ? "0" : "") + String(scalar.value, radix: 16)
      default: String(scalar)
      }
    }
    return "\(kind)(\(quote)\(escaped.joined())\(quote))"
  }
}

/// A request that the gate or the authorizer refused. The caller gets no reason.
struct RefusedCall: Error {
  let refusal: Refusal
}
