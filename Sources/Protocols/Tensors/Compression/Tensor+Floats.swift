import Foundation

extension Tensor {
  /// The elements as `Float`, which every compression starts from; empty for complex numbers.
  var floats: [Float] {
    func all<Element: TensorElement>(_ convert: (Element) -> Float) -> [Float] {
      bytes.elements(Element.self, at: 0, count: count).map(convert)
    }
    return switch type {
    case .float16: all { (element: Float16) in Float(element) }
    case .bfloat16: all { (element: BFloat16) in Float(element) }
    case .float32: all { (element: Float) in element }
    case .float64: all { (element: Double) in Float(element) }
    case .int8: all { (element: Int8) in Float(element) }
    case .int16: all { (element: Int16) in Float(element) }
    case .int32: all { (element: Int32) in Float(element) }
    case .int64: all { (element: Int64) in Float(element) }
    case .uint8: all { (element: UInt8) in Float(element) }
    case .bool: all { (element: Bool) in element ? 1 : 0 }
    case .complex64, .complex128: []
    }
  }

  /// ``floats``, if all of them are finite: no mean, quantile or largest element could be made of others.
  ///
  /// - Throws: ``TensorError`` `tensor.value`.
  var finiteFloats: [Float] {
    get throws(TensorError) {
      let floats = floats
      guard floats.allSatisfy(\.isFinite) else {
        throw TensorError(.value, "a tensor with infinity or not-a-number can't be compressed like this")
      }
      return floats
    }
  }
}

extension DataType {
  /// The bytes of elements of this type that are nearest to `floats`; integers are cut off at the point, as torch
  /// does.
  ///
  /// - Throws: ``TensorError`` `tensor.value` for a number that an integer type has not.
  func bytes(_ floats: [Float]) throws(TensorError) -> Data {
    switch self {
    case .float16: Data(littleEndian: floats.map(Float16.init))
    case .bfloat16: Data(littleEndian: floats.map(BFloat16.init))
    case .float32: Data(littleEndian: floats)
    case .float64: Data(littleEndian: floats.map(Double.init))
    case .int8: try Data(littleEndian: integers(floats, Int8.self))
    case .int16: try Data(littleEndian: integers(floats, Int16.self))
    case .int32: try Data(littleEndian: integers(floats, Int32.self))
    case .int64: try Data(littleEndian: integers(floats, Int64.self))
    case .uint8: try Data(littleEndian: integers(floats, UInt8.self))
    case .bool: Data(littleEndian: floats.map { $0 != 0 })
    case .complex64, .complex128: Data()
    }
  }

  private func integers<Element: FixedWidthInteger & TensorElement>(
    _ floats: [Float], _ type: Element.Type
  ) throws(TensorError) -> [Element] {
    var elements: [Element] = []
    elements.reserveCapacity(floats.count)
    for float in floats {
      guard let element = Element(exactly: float.rounded(.towardZero)) else {
        throw TensorError(.value, "\(float) is no \(rawValue)")
      }
      elements.append(element)
    }
    return elements
  }
}

extension TensorError {
  /// The buffer of a compressed tensor has another length than its tables and elements need.
  static func length(_ buffer: Data, _ compression: TensorCompression) -> TensorError {
    TensorError(.size, "\(buffer.count) bytes are not what a tensor compressed as \(compression) needs")
  }
}
