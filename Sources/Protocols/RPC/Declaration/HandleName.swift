/// `Class.rpc_method` or `namespace::Class.rpc_method`, the libp2p protocol id of a procedure (mesh-wire.md §2.1).
struct HandleName: Hashable {
  /// What every method's name begins with.
  static let methodPrefix = "rpc_"
  /// The longest name, in bytes: what fits a multistream-select message with room to spare.
  static let maximumLength = 256

  let text: String

  /// - Throws: ``ServicerError`` `servicer.name`.
  init(_ className: String, _ method: String, namespace: String?) throws(ServicerError) {
    guard method.hasPrefix(Self.methodPrefix), method.count > Self.methodPrefix.count else {
      throw ServicerError(.name, "\(className).\(method) does not begin with \(Self.methodPrefix)")
    }
    text = (namespace.map { "\($0)::" } ?? "") + "\(className).\(method)"
    guard text.utf8.count <= Self.maximumLength,
      ([className, method] + [namespace].compactMap(\.self)).allSatisfy(Self.isName)
    else { throw ServicerError(.name, "\(text.quotedForLog()) is no handle name") }
  }

  private static func isName(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: false
        }
      }
  }
}
