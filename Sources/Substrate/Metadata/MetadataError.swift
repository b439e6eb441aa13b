/// A name that the runtime of a block does not have.
public struct MetadataError: SubstrateError, Hashable {
  public enum Code: String, Sendable {
    case unknownPallet = "metadata.unknown-pallet"
    case unknownCall = "metadata.unknown-call"
    case unknownStorage = "metadata.unknown-storage"
    case unknownConstant = "metadata.unknown-constant"
    case unknownAPI = "metadata.unknown-api"
    /// The key parts given don't match the item's.
    case keyMismatch = "metadata.key-mismatch"
    /// A shape that this build does not know how to use.
    case unsupported = "metadata.unsupported"
  }

  public let kind: Code
  public let message: String
  public let remedy: String

  public var code: String { kind.rawValue }

  public init(_ kind: Code, _ message: String, remedy: String = "") {
    self.kind = kind
    self.message = message
    self.remedy = remedy
  }

  /// An unknown `name`, with the most similar of the names that there are.
  init(_ kind: Code, unknown name: String, in place: String, known: [String]) {
    let similar = known.map { ($0, Self.distance(name.lowercased(), $0.lowercased())) }
      .filter { $0.1 <= max(2, name.count / 3) }.min { $0.1 < $1.1 }?.0
    self.init(
      kind, "\(place) has no \(name)",
      remedy: similar.map { "Did you mean \($0)?" }
        ?? "Known: \(known.sorted().prefix(20).joined(separator: ", "))\(known.count > 20 ? ", …" : "").")
  }

  /// The number of single-character edits between two words.
  private static func distance(_ first: String, _ second: String) -> Int {
    let first = Array(first.utf8.prefix(64))
    let second = Array(second.utf8.prefix(64))
    var row = Array(0...second.count)
    for (i, a) in first.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, b) in second.enumerated() {
        let above = row[j + 1]
        row[j + 1] = min(min(above, row[j]) + 1, diagonal + (a == b ? 0 : 1))
        diagonal = above
      }
    }
    return row[second.count]
  }
}
