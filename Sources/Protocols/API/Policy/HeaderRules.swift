/// Which headers may pass between a caller and the server behind a route (threats.md S12).
enum HeaderRules {
  /// Whether a request header stays here although a route allows it: those that frame, code or route the request, or
  /// belong to one connection only (RFC 9110 §7.6.1). The request is framed anew, so nothing is smuggled in it.
  ///
  /// - Parameter name: in lower case.
  static func isNeverForwarded(_ name: String) -> Bool {
    neverForwarded.contains(name) || name.hasPrefix("proxy-")
  }

  private static let neverForwarded: Set = [
    "accept-encoding", "connection", "content-encoding", "content-length", "expect", "host", "http2-settings",
    "keep-alive", "te", "trailer", "transfer-encoding", "upgrade",
  ]

  /// Headers of an answer that say nothing about where it comes from. A route may add others, but not those that
  /// belong to one connection.
  static let ofAnswers: Set = [
    "cache-control", "content-disposition", "content-language", "content-type", "etag", "last-modified", "retry-after",
  ]

  /// RFC 9110 §5.6.2: what methods and names of headers are made of.
  static func isToken(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "a")...UInt8(ascii: "z"):
          true
        default: tokenSigns.contains(byte)
        }
      }
  }

  private static let tokenSigns = Set("!#$%&'*+-.^_`|~".utf8)

  /// RFC 9110 §5.5: no control characters but the tabulator.
  static func isValue(_ text: String) -> Bool {
    text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f || $0 == UInt8(ascii: "\t") }
  }
}
