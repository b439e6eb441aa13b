import Foundation

/// Joins the pieces of the tensors in a stream, one tensor after the other. A value without I/O.
public struct TensorAssembler: Sendable {
  private let limit: Int
  private var tensor: PBTensor?
  private var missing = 0

  /// - Parameter limit: the most bytes that the pieces of a tensor may have together.
  public init(limit: Int = Tensor.maximumByteCount) { self.limit = limit }

  /// Takes the next piece.
  ///
  /// - Returns: the whole tensor if that was its last piece.
  /// - Throws: ``TensorError``: `tensor.chunks` for a piece that belongs to no tensor, or a tensor that begins before
  ///   the last one is whole; `tensor.limit`. The stream is of no more use then.
  public mutating func receive(_ piece: PBTensor) throws(TensorError) -> PBTensor? {
    if piece.dtype.isEmpty {
      guard tensor != nil, !piece.buffer.isEmpty else {
        throw TensorError(.chunks, "a piece belongs to no tensor, or is empty")
      }
      tensor?.buffer += piece.buffer
    } else {
      try finish()
      guard piece.chunks >= 0 else { throw TensorError(.chunks, "a tensor has \(piece.chunks) pieces") }
      tensor = piece
      tensor?.chunks = 0
      missing = max(1, Int(piece.chunks))
    }
    missing -= 1
    guard let tensor, tensor.buffer.count <= limit else {
      throw TensorError(.limit, "the pieces of a tensor have more than \(limit) bytes")
    }
    guard missing == 0 else { return nil }
    defer { self.tensor = nil }
    return tensor
  }

  /// The stream is over.
  ///
  /// - Throws: ``TensorError`` `tensor.chunks` if the last tensor is not whole.
  public func finish() throws(TensorError) {
    guard tensor == nil else { throw TensorError(.chunks, "\(missing) pieces of a tensor are missing") }
  }
}
