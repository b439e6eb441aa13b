import ArgumentParser

/// Token ids on the command line, `15,0,7`.
enum TokenList {
  /// - Throws: ``CommandError`` `usage.tokens`.
  static func parse(_ text: String) throws -> [Int32] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
      guard let token = Int32(part) else {
        throw CommandError("usage.tokens", "\(text) are not token ids", remedy: "Write them like 15,0,7.")
      }
      return token
    }
  }
}
