import SwiftProtobuf

extension SwiftProtobuf.Message {
  /// The message on the wire. Encoding fails only for missing required fields, and the schemas here have none; a
  /// message without content is the harmless answer to the impossible.
  var encoded: [UInt8] { (try? serializedBytes()) ?? [] }
}
