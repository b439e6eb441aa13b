/// What a unary handler throws to tell its caller why it failed, in words meant for the caller. Callers of the mesh
/// expect the form of Python's errors, such as `ValueError('unlucky')`.
public struct ControlHandlerError: Error, Hashable, CustomStringConvertible {
  /// The most characters that are sent.
  public static let maximumLength = 1024

  /// What the caller reads.
  public let text: String

  public init(_ text: String) { self.text = String(text.prefix(Self.maximumLength)) }

  public var description: String { text }
}
