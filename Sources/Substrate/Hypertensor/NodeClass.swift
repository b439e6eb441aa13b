/// How far a node has come in its subnet. Source: spec/chain.md §6.
public enum NodeClass: UInt8, Sendable, Comparable, CaseIterable, Codable, CustomStringConvertible {
  /// Waits in the queue.
  case registered
  /// In the subnet, not yet in the consensus data.
  case idle
  /// Must be in the consensus data; earns nothing yet.
  case included
  /// May be elected, attest and earn.
  case validator

  public init?(name: String) {
    guard let found = Self.allCases.first(where: { $0.description == name }) else { return nil }
    self = found
  }

  public var description: String {
    switch self {
    case .registered: "Registered"
    case .idle: "Idle"
    case .included: "Included"
    case .validator: "Validator"
    }
  }

  public static func < (first: NodeClass, second: NodeClass) -> Bool { first.rawValue < second.rawValue }
}
