public import Substrate

/// Turns evidence into scores: a pure function, in integers only, so that every machine gets the same bytes.
///
/// A policy is named in every stored score, with its version and parameters, and must give the same scores for the
/// same evidence for ever: what changes a single score is a new version.
/// Source: spec/epoch.md §7; docs/scoring.md tells how to write one.
public protocol ScoringPolicy: Sendable {
  /// The name in configuration and database.
  static var name: String { get }
  /// Raised whenever the same evidence would give other scores.
  static var version: Int { get }
  /// What the policy was configured with, as it is stored.
  var parameters: JSONValue { get }
  /// - Throws: ``ScoringError`` for parameters that it was not made for.
  init(parameters: JSONValue) throws
  /// The scores of all members of the evidence.
  func score(_ evidence: Evidence) -> ScoreSheet
}

/// Why scores could not be made again.
public struct ScoringError: ValidatorError, Hashable {
  public enum Code: String, Sendable {
    /// No such policy, or not in this version.
    case unknownPolicy = "scoring.unknown-policy"
    /// Parameters that the policy does not take.
    case parameters = "scoring.parameters"
    /// A list of verdicts or scores that no validator writes.
    case malformed = "scoring.malformed"
    /// The observations were rolled up, so the scores can't be made again.
    case noEvidence = "scoring.no-evidence"
  }

  public let kind: Code
  public let message: String
  public let remedy: String

  public var code: String { kind.rawValue }

  init(_ kind: Code, _ message: String, remedy: String = "") {
    self.kind = kind
    self.message = message
    self.remedy = remedy
  }
}

/// The policies that this build knows, by name.
public struct ScoringPolicies: Sendable {
  private let types: [String: any ScoringPolicy.Type]

  /// - Parameter additional: a subnet's own policies; one of a known name takes its place.
  public init(_ additional: [any ScoringPolicy.Type] = []) {
    let known: [any ScoringPolicy.Type] = [AgreementPolicy.self, DistancePolicy.self, MeanDistancePolicy.self]
    types = Dictionary((known + additional).map { ($0.name, $0) }) { $1 }
  }

  public var names: [String] { types.keys.sorted() }

  /// - Parameter version: nil for the one that this build has.
  /// - Throws: ``ScoringError`` `scoring.unknown-policy` or `scoring.parameters`.
  public func make(_ name: String, version: Int? = nil, parameters: JSONValue = [:]) throws -> any ScoringPolicy {
    guard let type = types[name] else {
      throw ScoringError(
        .unknownPolicy, "there is no scoring policy \(name.boundedDetail)",
        remedy: "This build has \(names.joined(separator: ", ")).")
    }
    if let version, version != type.version {
      throw ScoringError(
        .unknownPolicy, "this build has version \(type.version) of the policy \(name), not \(version)",
        remedy: "Take the release that made the scores.")
    }
    return try type.init(parameters: parameters)
  }
}
