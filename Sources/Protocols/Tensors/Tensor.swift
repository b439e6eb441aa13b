public import Foundation

/// Numbers of one type in an array of any shape, as the mesh exchanges them (mesh-wire.md §6).
///
/// The bytes are those of the message that they came in, or go out in, without a copy. Every bit of them is kept: not
/// a number, infinity and minus zero are values like others here, and whoever must not see them has to look.
public struct Tensor: Sendable, Hashable {
  /// The most dimensions; the same as numpy's first limit.
  public static let maximumRank = 32
  /// The most bytes that a tensor of a peer may have once it is decompressed, by default.
  public static let maximumByteCount = 256 << 20

  /// The type of the elements.
  public let type: DataType
  /// How many elements there are along each dimension, outermost first; empty for a scalar.
  public let shape: [Int]
  /// The elements: little-endian, the innermost dimension first.
  public let bytes: Data
  /// A mark for those who train; nothing here depends on it.
  public var requiresGradient: Bool

  /// - Throws: ``TensorError``: `tensor.shape`, `tensor.size`, or `tensor.value` for a bool that is neither 0 nor 1.
  public init(_ type: DataType, shape: [Int], bytes: Data, requiresGradient: Bool = false) throws(TensorError) {
    let count = try Self.count(shape)
    let size = count.multipliedReportingOverflow(by: type.byteCount)
    guard !size.overflow, bytes.count == size.partialValue else {
      throw TensorError(.size, "\(bytes.count) bytes are not \(count) elements of \(type.rawValue)")
    }
    guard type != .bool || bytes.allSatisfy({ $0 <= 1 }) else {
      throw TensorError(.value, "a bool is neither 0 nor 1")
    }
    self.type = type
    self.shape = shape
    self.bytes = bytes
    self.requiresGradient = requiresGradient
  }

  /// - Parameter shape: nil for one dimension.
  /// - Throws: ``TensorError``: `tensor.shape`, or `tensor.size` if there are more or fewer elements.
  public init<Element: TensorElement>(
    _ elements: [Element], shape: [Int]? = nil, requiresGradient: Bool = false
  ) throws(TensorError) {
    try self.init(
      Element.dataType, shape: shape ?? [elements.count], bytes: Data(littleEndian: elements),
      requiresGradient: requiresGradient)
  }

  /// How many elements there are.
  public var count: Int { bytes.count / type.byteCount }

  /// A copy of the elements, the innermost dimension first.
  ///
  /// - Throws: ``TensorError`` `tensor.type` if they are of another type.
  public func elements<Element: TensorElement>(as element: Element.Type = Element.self) throws(TensorError) -> [Element]
  {
    guard type == Element.dataType else {
      throw TensorError(.type, "a tensor of \(type.rawValue) has no elements of \(Element.dataType.rawValue)")
    }
    return bytes.elements(Element.self, at: 0, count: count)
  }

  /// The product of the sizes.
  ///
  /// - Throws: ``TensorError`` `tensor.shape` for one that no memory could hold.
  static func count(_ shape: some Collection<Int>) throws(TensorError) -> Int {
    guard shape.count <= maximumRank else {
      throw TensorError(.shape, "a tensor has \(shape.count) dimensions; \(maximumRank) are the most")
    }
    guard !shape.contains(0) else { return 0 }
    var count = 1
    for size in shape {
      let product = count.multipliedReportingOverflow(by: size)
      guard (1...Int(UInt32.max)).contains(size), !product.overflow else {
        throw TensorError(.shape, "a tensor of \(shape.count) dimensions has a size that can't be")
      }
      count = product.partialValue
    }
    return count
  }
}
