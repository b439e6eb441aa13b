/// Why bytes are not a JSON text that this library accepts.
public struct JSONError: SubstrateError, Hashable {
  public enum Code: String, Sendable {
    case truncated = "json.truncated"
    case unexpectedByte = "json.unexpected-byte"
    case trailingBytes = "json.trailing-bytes"
    case invalidNumber = "json.invalid-number"
    case invalidString = "json.invalid-string"
    case duplicateKey = "json.duplicate-key"
    case tooDeep = "json.too-deep"
    case tooManyValues = "json.too-many-values"
  }

  public let kind: Code
  /// Index of the byte at which reading stopped.
  public let offset: Int

  public var code: String { kind.rawValue }
  public var message: String { "JSON text refused at byte \(offset): \(explanation)" }
  public var remedy: String {
    switch kind {
    case .tooDeep, .tooManyValues: "Ask for less at once, or raise the limit that the message names."
    default: "The sender is broken or not a JSON-RPC server; check the address or use another endpoint."
    }
  }

  private var explanation: String {
    switch kind {
    case .truncated: "it ends inside a value"
    case .unexpectedByte: "a byte that can't stand here"
    case .trailingBytes: "more bytes after the value"
    case .invalidNumber: "a number that is not JSON, not finite, or longer than its limit"
    case .invalidString: "a string that is not UTF-8 or has a wrong escape or a control character"
    case .duplicateKey: "a member name given twice"
    case .tooDeep: "nested deeper than JSONLimits.depth"
    case .tooManyValues: "more values than JSONLimits.values"
    }
  }
}
