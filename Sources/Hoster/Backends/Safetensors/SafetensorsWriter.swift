import Foundation

/// Writes a new safetensors file of 32-bit weights, tensor by tensor, so that the model need not be in memory.
struct SafetensorsWriter: ~Copyable {
  /// The header is filled with spaces to a multiple of so many bytes, which aligns the elements.
  private static let alignment = 8

  private let file: NewFile

  /// - Parameter tensors: names and shapes, in the order in which the values will be written.
  /// - Throws: ``ModelError``: `model.exists`, `model.unwritable`.
  init(_ path: String, tensors: [(name: String, shape: [Int])]) throws(ModelError) {
    var fields: [String: SafetensorsHeader.Field] = [:]
    var end = 0
    for (name, shape) in tensors {
      guard let count = TensorEntry.byteCount(.f32, shape) else {
        throw ModelError(.tooLarge, "tensor \(name) has a shape that no file can hold")
      }
      fields[name] = SafetensorsHeader.Field(
        dtype: TensorType.f32.rawValue, shape: shape, offsets: [end, end + count])
      end += count
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    guard var json = try? Array(encoder.encode(fields)) else {
      throw ModelError(.unwritable, "the header of \(path) can't be written")
    }
    json += Array(repeating: UInt8(ascii: " "), count: -json.count & (Self.alignment - 1))
    let file = try NewFile(path)
    try file.write(withUnsafeBytes(of: UInt64(json.count).littleEndian, Array.init) + json)
    self.file = file
  }

  /// Writes the values of the next tensor.
  func write(_ values: [Float]) throws(ModelError) {
    try file.write(values.map(\.bitPattern.littleEndian).withUnsafeBytes(Array.init))
  }

  /// Waits until the disk has the file.
  consuming func finish() throws(ModelError) { try file.finish() }
}
