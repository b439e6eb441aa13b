import Foundation

/// The header of a safetensors file: JSON that names each tensor's type, shape and place.
///
/// The file is eight bytes with the header's length (little-endian), the header, and the elements. As the format's
/// documentation demands, the tensors fill the rest of the file without overlap, hole or remainder, so a header that
/// lies about any of them is found out before a single element is read.
struct SafetensorsHeader: Sendable, Equatable {
  /// Bytes before the header.
  static let prefixLength = 8
  /// The longest header read, in bytes; that of GPT-2 XL has 60 KB. The format itself allows 100 MB.
  static let maximumLength = 1 << 20
  /// The most tensors of one file.
  static let maximumTensors = 8192
  /// The longest name of a tensor, in bytes.
  static let maximumNameLength = 256
  /// The most dimensions of a tensor.
  static let maximumDimensions = 8

  /// The tensors in the order of their elements in the file.
  let tensors: [TensorEntry]

  /// Reads and checks a header.
  ///
  /// - Parameter dataLength: how many bytes the file holds behind the header.
  /// - Throws: ``ModelError`` `model.malformed` or `model.too-large`.
  init(json: [UInt8], dataLength: Int) throws(ModelError) {
    guard json.count <= Self.maximumLength else {
      throw ModelError(.tooLarge, "the header has \(json.count) bytes, more than \(Self.maximumLength)")
    }
    guard json.first == UInt8(ascii: "{"), let fields = try? JSONDecoder().decode(Fields.self, from: Data(json)) else {
      throw ModelError(.malformed, "the header is not the JSON of a safetensors file")
    }
    guard fields.tensors.count <= Self.maximumTensors else {
      throw ModelError(.tooLarge, "the header names \(fields.tensors.count) tensors, more than \(Self.maximumTensors)")
    }
    var tensors: [TensorEntry] = []
    for (name, field) in fields.tensors { tensors.append(try Self.entry(name, field)) }
    // Empty tensors stand before the one that begins where they do.
    tensors.sort {
      ($0.range.lowerBound, $0.range.upperBound, $0.name) < ($1.range.lowerBound, $1.range.upperBound, $1.name)
    }
    var end = 0
    for tensor in tensors {
      guard tensor.range.lowerBound == end else {
        throw ModelError(.malformed, "tensor \(tensor.name.quoted()) does not begin where the one before it ends")
      }
      end = tensor.range.upperBound
    }
    guard end == dataLength else {
      throw ModelError(
        end > dataLength ? .truncated : .malformed,
        "the tensors take \(end) bytes, but the file has \(dataLength) for them")
    }
    self.tensors = tensors
  }

  private static func entry(_ name: String, _ field: Field) throws(ModelError) -> TensorEntry {
    func malformed(_ what: String) -> ModelError { ModelError(.malformed, "tensor \(name.quoted()) \(what)") }
    guard name.utf8.count <= maximumNameLength else { throw malformed("has a name of \(name.utf8.count) bytes") }
    guard field.shape.count <= maximumDimensions else { throw malformed("has \(field.shape.count) dimensions") }
    guard let type = TensorType(rawValue: field.dtype) else {
      throw ModelError(.unsupported, "tensor \(name.quoted()) is of the unknown type \(field.dtype.quoted())")
    }
    guard field.offsets.count == 2, 0 <= field.offsets[0], field.offsets[0] <= field.offsets[1] else {
      throw malformed("has no range of bytes")
    }
    let range = field.offsets[0]..<field.offsets[1]
    guard TensorEntry.byteCount(type, field.shape) == range.count else {
      throw malformed("has \(range.count) bytes, which its type and shape contradict")
    }
    return TensorEntry(name: name, type: type, shape: field.shape, range: range)
  }
}

extension SafetensorsHeader {
  /// The header's JSON: an object of tensors, beside them free text under `__metadata__`.
  fileprivate struct Fields: Decodable {
    private struct Name: CodingKey {
      let stringValue: String
      var intValue: Int? { nil }
      init?(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }

    let tensors: [String: Field]

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Name.self)
      var tensors: [String: Field] = [:]
      for name in container.allKeys {
        if name.stringValue == "__metadata__" {
          _ = try container.decode([String: String].self, forKey: name)
        } else {
          tensors[name.stringValue] = try container.decode(Field.self, forKey: name)
        }
      }
      self.tensors = tensors
    }
  }

  struct Field: Codable {
    let dtype: String
    let shape: [Int]
    let offsets: [Int]

    private enum CodingKeys: String, CodingKey {
      case dtype, shape
      case offsets = "data_offsets"
    }
  }
}
