/// Why bytes are not the SCALE value they should be, or why a value does not fit its type.
public struct ScaleError: SubstrateError, Hashable {
  public enum Code: String, Sendable {
    /// The input ended inside a value.
    case truncated = "scale.truncated"
    /// Bytes were left over after the value.
    case trailing = "scale.trailing"
    /// A byte or a compact integer that no encoder writes.
    case malformed = "scale.malformed"
    /// A length, depth or count above the limits of the decoder.
    case limit = "scale.limit"
    /// A type id, variant or field that the type registry does not have.
    case unknownType = "scale.unknown-type"
    /// A value that does not fit the type it is to be encoded as.
    case mismatch = "scale.mismatch"
  }

  public let kind: Code
  /// What is wrong, without the place.
  public let reason: String
  /// The way from the outermost value to the field at fault, outermost first.
  public private(set) var path: [String] = []

  public var code: String { kind.rawValue }
  public var message: String {
    path.isEmpty ? reason : "\(path.joined(separator: ".")): \(reason)"
  }
  public var remedy: String {
    switch kind {
    case .mismatch: "Give a value of the type that is named."
    case .limit: "The sender is broken or hostile; if the value is genuine, raise the decoder's limits."
    case .unknownType: "Read the metadata of the same block again."
    case .truncated, .trailing, .malformed: "The sender or the metadata does not match; try another endpoint."
    }
  }

  public init(_ kind: Code, _ reason: String) {
    self.kind = kind
    self.reason = reason
  }

  /// The same error, seen from the value that holds the one at fault.
  func under(_ step: String) -> ScaleError {
    var error = self
    error.path.insert(step, at: 0)
    return error
  }
}

/// Runs `body` and puts `step` in front of the path of an error it throws.
@inline(__always)
func at<Value>(
  _ step: @autoclosure () -> String, _ body: () throws(ScaleError) -> Value
) throws(ScaleError) -> Value {
  do { return try body() } catch { throw error.under(step()) }
}
