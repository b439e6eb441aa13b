import Substrate

/// Reads the parameters of a policy; every name must be known and every number in range.
struct PolicyParameters {
  private var members: [String: JSONValue]
  private let policy: String

  init(_ parameters: JSONValue, of policy: String) throws {
    guard let members = parameters.objectValue else {
      throw ScoringError(.parameters, "the parameters of \(policy) are no JSON object")
    }
    self.members = members
    self.policy = policy
  }

  /// Takes a number out; decimal text is a number, too.
  mutating func take(_ name: String, default value: UInt64, in range: ClosedRange<UInt64>) throws -> UInt64 {
    guard let json = members.removeValue(forKey: name) else { return value }
    guard let number = json.uint64Value ?? json.stringValue.flatMap({ UInt64($0) }), range.contains(number) else {
      throw ScoringError(
        .parameters, "\(name) of \(policy) is an integer from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// - Throws: for what nobody took.
  func finish() throws {
    guard let name = members.keys.sorted().first else { return }
    throw ScoringError(.parameters, "\(policy) has no parameter \(name.boundedDetail)")
  }
}
