import SwiftProtobuf

extension BinaryDecodingOptions {
  /// How messages of the API protocol are decoded: fields without a name in the schema are skipped, not kept, and
  /// nesting ends where the schema's does, so that memory stays in proportion to the input (CVE-2026-55407).
  static var api: BinaryDecodingOptions {
    var options = BinaryDecodingOptions()
    options.discardUnknownFields = true
    options.messageDepthLimit = 2
    return options
  }
}
