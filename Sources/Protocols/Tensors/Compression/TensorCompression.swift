/// How a tensor's elements are written in a message (mesh-wire.md §6). All but ``none`` lose precision.
public enum TensorCompression: Int, Sendable, Hashable, CaseIterable {
  /// As they are.
  case none = 0
  /// Half floats, each row brought to mean zero and deviation one.
  case meanStandardDeviation16 = 1
  /// Half floats.
  case float16 = 2
  /// One byte each: the index of a 256-quantile.
  case quantile8 = 3
  /// One byte each: the index of a step of equal size.
  case uniform8 = 4
  /// One byte each, in blocks with a scale of their own.
  case blockwise8 = 5

  /// Whether elements of that type can be written so.
  func takes(_ type: DataType) -> Bool {
    switch (self, type) {
    case (.none, _): true
    case (_, .float16), (_, .float32), (_, .float64): true
    case (.quantile8, .bfloat16), (.uniform8, .bfloat16): true
    case (.blockwise8, _): type != .complex64 && type != .complex128
    default: false
    }
  }
}
