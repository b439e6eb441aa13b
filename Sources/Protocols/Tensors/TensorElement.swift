import Foundation

/// A type of Swift that stands for a tensor's elements, with the same bytes in memory as in messages.
///
/// Only the types here conform. Complex numbers have none; take them from ``Tensor/bytes``.
public protocol TensorElement: BitwiseCopyable, Sendable {
  /// Its name in messages.
  static var dataType: DataType { get }
}

// Messages are little-endian, and so is every machine that this runs on.
#if _endian(big)
  #error("tensors are copied as they are, which is right on little-endian machines only")
#endif

extension Float16: TensorElement { public static var dataType: DataType { .float16 } }
extension BFloat16: TensorElement { public static var dataType: DataType { .bfloat16 } }
extension Float: TensorElement { public static var dataType: DataType { .float32 } }
extension Double: TensorElement { public static var dataType: DataType { .float64 } }
extension Int8: TensorElement { public static var dataType: DataType { .int8 } }
extension Int16: TensorElement { public static var dataType: DataType { .int16 } }
extension Int32: TensorElement { public static var dataType: DataType { .int32 } }
extension Int64: TensorElement { public static var dataType: DataType { .int64 } }
extension UInt8: TensorElement { public static var dataType: DataType { .uint8 } }
extension Bool: TensorElement { public static var dataType: DataType { .bool } }

extension Data {
  /// The elements' bytes.
  init<Element: TensorElement>(littleEndian elements: [Element]) {
    self = elements.withUnsafeBytes { Data($0) }
  }

  /// Copies `count` elements from `offset` on, however they are aligned; what lies beyond the end is left out.
  func elements<Element: TensorElement>(_ type: Element.Type, at offset: Int, count: Int) -> [Element] {
    let size = MemoryLayout<Element>.stride
    return withUnsafeBytes { bytes in
      let source = bytes.dropFirst(offset).prefix(count * size)
      return [Element](unsafeUninitializedCapacity: source.count / size) { target, filled in
        filled = source.count / size
        UnsafeMutableRawBufferPointer(target).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: source.prefix(filled * size)))
      }
    }
  }
}
