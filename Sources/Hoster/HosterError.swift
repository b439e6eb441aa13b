/// What every error of this library tells its reader: a stable code for programs, what happened and
/// to what, and the next step for a person.
///
/// No text ever holds a prompt or an answer, and text from a file or an upstream server appears only shortened and
/// escaped.
public protocol HosterError: Error, Sendable, CustomStringConvertible {
  /// A stable, dotted identifier such as `model.truncated`, fit for metrics and for scripts.
  var code: String { get }
  /// What happened, and to what.
  var message: String { get }
  /// What to do about it; empty when nothing can be done.
  var remedy: String { get }
}

extension HosterError {
  public var description: String {
    remedy.isEmpty ? "\(message) [\(code)]" : "\(message) [\(code)]. \(remedy)"
  }
}

extension String {
  /// Foreign text, cut and escaped so that it can stand in an error or a log line.
  func quoted(limit: Int = 64) -> String {
    let shown = unicodeScalars.prefix(limit).map { $0.escaped(asASCII: true) }.joined()
    return unicodeScalars.count > limit ? "\"\(shown)…\"" : "\"\(shown)\""
  }
}
