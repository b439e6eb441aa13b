/// What every error of this library tells its reader: a stable code for programs, what happened and to what, and the
/// next step for a person.
public protocol DevChainError: Error, Sendable, CustomStringConvertible {
  /// A stable, dotted identifier, fit for metrics and for scripts.
  var code: String { get }
  /// What happened, and to what.
  var message: String { get }
  /// What to do about it; empty when nothing can be done.
  var remedy: String { get }
}

extension DevChainError {
  public var description: String {
    remedy.isEmpty ? "\(message) [\(code)]" : "\(message) [\(code)]. \(remedy)"
  }
}
