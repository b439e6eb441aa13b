/// What an inference server has to do at a moment.
public struct InferenceLoad: Sendable, Hashable {
  /// Requests in the queue.
  public var waiting: Int
  /// Requests that are computed.
  public var running: Int
}
