/// What every error of this library tells its reader: a stable code for programs, what happened and
/// to what, and the next step for a person.
///
/// Neither text ever holds a secret: no key, passphrase or mnemonic, and no URL credentials.
public protocol SubstrateError: Error, Sendable, CustomStringConvertible {
  /// A stable, dotted identifier such as `scale.truncated`, fit for metrics and for scripts.
  var code: String { get }
  /// What happened, and to what.
  var message: String { get }
  /// What to do about it.
  var remedy: String { get }
}

extension SubstrateError {
  public var description: String {
    remedy.isEmpty ? "\(message) [\(code)]" : "\(message) [\(code)]. \(remedy)"
  }
}
