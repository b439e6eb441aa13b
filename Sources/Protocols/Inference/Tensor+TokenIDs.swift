extension Tensor {
  /// Token ids as peers exchange them: int64, by default in one row, `[1, n]`.
  ///
  /// - Throws: ``TensorError``, if the shape has another number of elements.
  public init(tokenIDs: [Int32], shape: [Int]? = nil) throws(TensorError) {
    try self.init(tokenIDs.map(Int64.init), shape: shape ?? [1, tokenIDs.count])
  }

  /// The elements as token ids: integers of any type, in one row, whatever number of dimensions of size one goes
  /// before it.
  ///
  /// - Throws: ``TensorError``: `tensor.type` for elements that are no integers, `tensor.shape` for more than one row,
  ///   `tensor.value` for numbers that don't fit 32 bits.
  public func tokenIDs() throws(TensorError) -> [Int32] {
    guard shape.dropLast().allSatisfy({ $0 == 1 }) else {
      throw TensorError(.shape, "token ids stand in one row, not in the shape \(shape)")
    }
    switch type {
    case .int64: return try narrowed(elements(as: Int64.self))
    case .int32: return try elements()
    case .int16: return try narrowed(elements(as: Int16.self))
    case .int8: return try narrowed(elements(as: Int8.self))
    case .uint8: return try narrowed(elements(as: UInt8.self))
    case .float16, .bfloat16, .float32, .float64, .bool, .complex64, .complex128:
      throw TensorError(.type, "token ids are integers, not \(type.rawValue)")
    }
  }

  private func narrowed(_ elements: [some BinaryInteger]) throws(TensorError) -> [Int32] {
    let tokens = elements.compactMap { Int32(exactly: $0) }
    guard tokens.count == elements.count else { throw TensorError(.value, "a token id does not fit 32 bits") }
    return tokens
  }
}
