/// A call by name, such as `Network.attest`.
public struct CallName: Sendable, Hashable, Comparable, CustomStringConvertible {
  public let pallet: String
  public let call: String

  public init(_ pallet: String, _ call: String) {
    self.pallet = pallet
    self.call = call
  }

  /// Reads `Pallet.call`.
  public init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
    self.init(String(parts[0]), String(parts[1]))
  }

  public var description: String { "\(pallet).\(call)" }

  public static func < (first: CallName, second: CallName) -> Bool {
    first.description < second.description
  }
}
