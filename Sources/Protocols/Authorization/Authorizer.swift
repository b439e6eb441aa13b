public import SwiftProtobuf

/// Judges calls in both directions and gives their messages the marks by which the other side judges them.
///
/// Authorizers compose; a ``Gate`` puts proof of stake before any of them.
public protocol Authorizer: Sendable {
  /// Judges the call before any of its messages is read or sent.
  ///
  /// - Throws: ``Refusal``.
  func authorize(_ call: P2PContext) async throws(Refusal) -> any CallAuthorization
}

/// The authorization of one call, for as long as it lasts.
///
/// A client signs requests and verifies responses, a servicer verifies requests and signs responses: the same two
/// verbs on both sides. Messages that have no `auth` field pass both untouched; the connection's peer id, which the
/// gate has judged, is all that stands behind them.
public protocol CallAuthorization: Sendable {
  /// The message as it goes out.
  ///
  /// - Throws: ``Refusal``.
  func sign<Content: Message>(_ message: Content) async throws(Refusal) -> Content

  /// Judges a message that came in. Every message of a stream is judged.
  ///
  /// - Throws: ``Refusal``.
  func verify<Content: Message>(_ message: Content) async throws(Refusal)
}
