import Crypto
import Foundation
public import Protocols

/// What a hoster answered to a probe, as one tensor.
public struct Answer: Sendable, Hashable {
  public let type: DataType
  public let shape: [Int]
  /// The elements, little-endian.
  public let bytes: [UInt8]

  /// - Returns: nil for a shape that can't be, or that has other than `bytes`.
  public init?(_ type: DataType, shape: [Int], bytes: [UInt8]) {
    var count = type.byteCount
    for size in shape {
      let product = count.multipliedReportingOverflow(by: size)
      guard size >= 0, size <= UInt32.max, !product.overflow else { return nil }
      count = product.partialValue
    }
    guard shape.count <= Tensor.maximumRank, count == bytes.count else { return nil }
    self.type = type
    self.shape = shape
    self.bytes = bytes
  }

  public init(_ tensor: Tensor) {
    type = tensor.type
    shape = tensor.shape
    bytes = Array(tensor.bytes)
  }

  /// Joins the messages of a stream: their elements one after the other, in one dimension; a single one as it is.
  ///
  /// - Returns: nil for no messages, or messages of different types.
  public init?(joining tensors: [Tensor]) {
    guard let first = tensors.first, tensors.allSatisfy({ $0.type == first.type }) else { return nil }
    guard tensors.count > 1 else {
      self.init(first)
      return
    }
    let bytes = tensors.flatMap { Array($0.bytes) }
    self.init(first.type, shape: [bytes.count / first.type.byteCount], bytes: bytes)
  }

  /// As it is sent.
  func tensor() throws(TensorError) -> Tensor { try Tensor(type, shape: shape, bytes: Data(bytes)) }

  /// The number of elements.
  public var count: Int { bytes.count / type.byteCount }

  /// SHA-256 over a domain tag, type, shape and elements, so that equal digests mean equal answers.
  ///
  /// "validatord/answer/1" ‖ length of the type's name (1) ‖ name ‖ rank (1) ‖ sizes (u32 LE each) ‖ elements.
  /// Sizes of 1 in front are left out: a batch of one is the same answer.
  public var digest: Digest32 {
    var hash = SHA256()
    hash.update(data: Array("validatord/answer/1".utf8))
    let name = Array(type.rawValue.utf8)
    let sizes = shape.drop { $0 == 1 }
    hash.update(data: [UInt8(clamping: name.count)] + name + [UInt8(clamping: sizes.count)])
    for size in sizes { hash.update(data: littleEndian(UInt32(clamping: size))) }
    hash.update(data: bytes)
    return Digest32(hash.finalize())
  }
}
