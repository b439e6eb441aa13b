import Crypto

/// Reads a safetensors file once, front to back, and hashes what it reads.
///
/// A `model.safetensors` is data alone; nothing in it is ever evaluated. The size of the file is held against the header
/// before anything is allocated for a tensor, and a file that is cut while it is read ends in an error (`ModelFile`).
struct SafetensorsReader: ~Copyable {
  /// The longest file read, in bytes.
  static let maximumSize = 1 << 35
  /// Bytes read at a time; a multiple of every element's width.
  private static let pieceLength = 1 << 20

  let header: SafetensorsHeader
  private let file: ModelFile
  private var digest = SHA256()
  private var piece = [UInt8](repeating: 0, count: pieceLength)

  /// - Throws: ``ModelError``.
  init(_ path: String) throws(ModelError) {
    let file = try ModelFile(path, maximumSize: Self.maximumSize)
    let prefix = try file.read(min(SafetensorsHeader.prefixLength, file.size))
    let length = prefix.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let rest = file.size - prefix.count
    guard prefix.count == SafetensorsHeader.prefixLength, length <= rest else {
      throw ModelError(.truncated, "\(path) ends inside its header")
    }
    guard length <= SafetensorsHeader.maximumLength else {
      throw ModelError(
        .tooLarge, "\(path) claims a header of \(length) bytes, more than \(SafetensorsHeader.maximumLength)")
    }
    let json = try file.read(Int(length))
    header = try SafetensorsHeader(json: json, dataLength: rest - json.count)
    digest.update(data: prefix)
    digest.update(data: json)
    self.file = file
  }

  /// Takes every tensor in the order of the file.
  ///
  /// - Parameters:
  ///   - isWanted: asked before the elements of a tensor are read; those of others are only hashed. What it throws
  ///     ends the reading.
  ///   - take: is given the elements, which are finite.
  /// - Returns: the SHA-256 of the whole file.
  /// - Throws: ``ModelError``: `model.unsupported` if a wanted tensor is not of a type for weights, `model.not-finite`.
  consuming func read(
    where isWanted: (TensorEntry) throws(ModelError) -> Bool, _ take: (TensorEntry, [Float]) -> Void
  ) throws(ModelError) -> [UInt8] {
    for tensor in header.tensors {
      if try isWanted(tensor) { take(tensor, try weights(of: tensor)) } else { try forEachPiece(of: tensor) { _ in } }
    }
    return Array(digest.finalize())
  }

  private mutating func weights(of tensor: TensorEntry) throws(ModelError) -> [Float] {
    guard tensor.type.isWeight else {
      throw ModelError(.unsupported, "tensor \(tensor.name.quoted()) is of type \(tensor.type.rawValue)")
    }
    var weights: [Float] = []
    weights.reserveCapacity(tensor.count)
    try forEachPiece(of: tensor) { weights.append(bytes: $0, of: tensor.type) }
    guard weights.allSatisfy(\.isFinite) else {
      throw ModelError(.notFinite, "tensor \(tensor.name.quoted()) holds numbers that are not finite")
    }
    return weights
  }

  private mutating func forEachPiece(
    of tensor: TensorEntry, _ body: (UnsafeRawBufferPointer) -> Void
  ) throws(ModelError) {
    for start in stride(from: 0, to: tensor.range.count, by: Self.pieceLength) {
      let count = min(Self.pieceLength, tensor.range.count - start)
      try file.read(count, into: &piece)
      piece.withUnsafeBytes { bytes in
        let filled = UnsafeRawBufferPointer(rebasing: bytes[..<count])
        digest.update(bufferPointer: filled)
        body(filled)
      }
    }
  }
}

extension [Float] {
  /// Appends little-endian numbers, wherever they are aligned; widening to 32 bits changes none of them.
  fileprivate mutating func append(bytes: UnsafeRawBufferPointer, of type: TensorType) {
    for offset in stride(from: 0, to: bytes.count - type.width + 1, by: type.width) {
      if type == .f32 {
        let bits = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        append(Float(bitPattern: bits))
      } else {
        let bits = UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
        append(type == .f16 ? Float(Float16(bitPattern: bits)) : Float(bitPattern: UInt32(bits) << 16))
      }
    }
  }
}
