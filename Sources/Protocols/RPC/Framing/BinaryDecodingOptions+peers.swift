import SwiftProtobuf

extension BinaryDecodingOptions {
  /// The deepest nesting of messages that is followed.
  private static let maximumDepth = 16

  /// How messages of peers are decoded. Fields that no schema names are kept, for they may be signed (mesh-wire.md
  /// §3.7); what they cost is in proportion to the length of the message, which is bounded before.
  static var peers: BinaryDecodingOptions {
    var options = BinaryDecodingOptions()
    options.messageDepthLimit = maximumDepth
    return options
  }
}
