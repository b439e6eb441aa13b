internal import Foundation

/// The recorded vectors of the tests, from which the first inputs are made.
public enum Vectors {
  /// The bytes of a file below `Tests/Vectors`.
  public static func bytes(_ path: String) throws -> [UInt8] {
    let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    return Array(try Data(contentsOf: package.appending(path: "Tests/Vectors").appending(path: path)))
  }

  /// Every hex text under the member `name` anywhere in a JSON file, with or without `0x`, as bytes, the long ones
  /// left out.
  public static func hex(_ name: String, in path: String, upTo limit: Int = 4096) throws -> [[UInt8]] {
    try texts(name, in: path).compactMap { text in
      let digits = Array(text.utf8.dropFirst(text.hasPrefix("0x") ? 2 : 0))
      guard digits.count <= 2 * limit, digits.count.isMultiple(of: 2) else { return nil }
      let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
        UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16)
      }
      return 2 * bytes.count == digits.count ? bytes : nil
    }
  }

  /// Every text under the member `name` anywhere in a JSON file.
  public static func texts(_ name: String, in path: String) throws -> [String] {
    var found: [String] = []
    func search(_ value: Any) {
      if let object = value as? [String: Any] {
        if let text = object[name] as? String { found.append(text) }
        object.sorted { $0.key < $1.key }.forEach { search($0.value) }
      } else if let list = value as? [Any] {
        list.forEach(search)
      }
    }
    search(try JSONSerialization.jsonObject(with: Data(bytes(path))))
    return found
  }

  /// Every object under the member `name` anywhere in a JSON file, as JSON text, the long ones left out.
  public static func objects(_ name: String, in path: String, upTo limit: Int = 4096) throws -> [[UInt8]] {
    var found: [[UInt8]] = []
    func search(_ value: Any) throws {
      if let object = value as? [String: Any] {
        if let inner = object[name] as? [String: Any] {
          let text = try JSONSerialization.data(withJSONObject: inner, options: [.sortedKeys])
          if text.count <= limit { found.append(Array(text)) }
        }
        try object.sorted { $0.key < $1.key }.forEach { try search($0.value) }
      } else if let list = value as? [Any] {
        try list.forEach(search)
      }
    }
    try search(try JSONSerialization.jsonObject(with: Data(bytes(path))))
    return found
  }
}
