public import LibP2P

/// Why something is not a tensor, or can't be sent as one.
public struct TensorError: LibP2PError, Hashable {
  /// The kinds of failure; the raw value is the stable code.
  public enum Code: String, Sendable, CaseIterable {
    /// No type of elements has that name, or it is not the one asked for.
    case type = "tensor.type"
    /// The shape has too many dimensions or elements.
    case shape = "tensor.shape"
    /// The bytes are more or fewer than the shape needs.
    case size = "tensor.size"
    /// A compression of that number does not exist, or not for tensors of this type and shape.
    case compression = "tensor.compression"
    /// A table that belongs to the compressed elements has the wrong size.
    case table = "tensor.table"
    /// An element has a value that its type, or the compression, can't express.
    case value = "tensor.value"
    /// A piece of a tensor is missing, or one too many.
    case chunks = "tensor.chunks"
    /// The tensor is larger than allowed.
    case limit = "tensor.limit"
  }

  /// Which failure it is.
  public let kind: Code
  public let message: String

  init(_ kind: Code, _ message: String) {
    self.kind = kind
    self.message = message
  }

  public var code: String { kind.rawValue }

  public var remedy: String {
    switch kind {
    case .compression: "Send the tensor as it is, with the compression none"
    case .limit: "Send less at once, or allow more"
    case .type, .shape, .size, .table, .value, .chunks: ""
    }
  }
}
