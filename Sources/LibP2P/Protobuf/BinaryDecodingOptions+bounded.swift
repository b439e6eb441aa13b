import SwiftProtobuf

extension BinaryDecodingOptions {
  /// How messages of peers are decoded: fields that no schema names are skipped, not kept, and nesting ends
  /// at what the schemas need, so that memory stays in proportion to the input (CVE-2026-55407).
  static var bounded: BinaryDecodingOptions {
    var options = BinaryDecodingOptions()
    options.discardUnknownFields = true
    options.messageDepthLimit = 4
    return options
  }
}
