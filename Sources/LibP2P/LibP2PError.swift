/// What every error of this library tells its reader: a stable code for programs, what happened and
/// to what, and the next step for a person.
///
/// No text ever holds a secret, and text that a peer sent appears only shortened and escaped.
public protocol LibP2PError: Error, Sendable, CustomStringConvertible {
  /// A stable, dotted identifier such as `noise.peer-mismatch`, fit for metrics and for scripts.
  var code: String { get }
  /// What happened, and to what.
  var message: String { get }
  /// What to do about it; empty when nothing can be done.
  var remedy: String { get }
}

extension LibP2PError {
  public var description: String {
    remedy.isEmpty ? "\(message) [\(code)]" : "\(message) [\(code)]. \(remedy)"
  }
}

extension String {
  /// Text from a peer, cut and escaped so that it can stand in an error or a log line.
  package func quotedForLog(limit: Int = 64) -> String {
    let shown = unicodeScalars.prefix(limit).map { $0.escaped(asASCII: true) }.joined()
    return unicodeScalars.count > limit ? "\"\(shown)…\"" : "\"\(shown)\""
  }
}
