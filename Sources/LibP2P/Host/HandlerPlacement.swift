/// Where the task runs that serves a stream.
public enum HandlerPlacement: Sendable {
  /// On Swift's thread pool: for handlers that compute, or call what may block.
  case pool
  /// On the event loop of the stream's connection, where reading and writing cross no thread. Everything else on that
  /// event loop waits meanwhile: for handlers that never take longer than some hundred microseconds between two waits.
  case eventLoop
}

/// A handler, and where it wants to run.
struct PlacedHandler: Sendable {
  var placement: HandlerPlacement
  var serve: StreamHandler
}
