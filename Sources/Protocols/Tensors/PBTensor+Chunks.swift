extension PBTensor {
  /// Bytes of a piece, as the published nodes cut tensors (mesh-wire.md §6).
  public static let chunkLength = 65_536

  /// Cuts the tensor into pieces for a stream: the first tells what it is and how many pieces there are, the others
  /// hold bytes only. The pieces share the tensor's bytes.
  public func split(into length: Int = PBTensor.chunkLength) -> [PBTensor] {
    let length = max(1, length)
    let pieces = stride(from: buffer.startIndex, to: buffer.endIndex, by: length).map { start in
      PBTensor.with { $0.buffer = buffer[start..<min(start + length, buffer.endIndex)] }
    }
    var first = self
    first.chunks = Int32(clamping: pieces.count)
    first.buffer = pieces.first?.buffer ?? .init()
    return [first] + pieces.dropFirst()
  }
}
