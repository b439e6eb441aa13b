import NIOCore

/// What a ``YamuxSession`` tells its owner, in the order in which it happened.
enum YamuxEvent: Equatable {
  /// The peer opened a stream.
  case opened(UInt32)
  /// Bytes of a stream; report them to ``YamuxSession/consume(_:bytes:now:)`` once the reader took them.
  case received(UInt32, ByteBuffer)
  /// The peer will send nothing more on a stream.
  case finished(UInt32)
  /// So many queued bytes of a stream went out: its writer may go on.
  case sent(UInt32, Int)
  /// The peer aborted a stream, which is forgotten now.
  case reset(UInt32)
  /// Both directions of a stream ended orderly; it is forgotten now.
  case closed(UInt32)
  /// The peer opens and accepts no more streams; zero is an orderly end.
  case goneAway(UInt32)
  /// A keepalive came back after this time.
  case roundTrip(TimeAmount)
  /// The session is over. ``YamuxSession/drain(into:target:)`` still yields the farewell.
  case failed(YamuxError)
}

/// How a write is cut into DATA frames.
public enum WriteFraming: Sendable {
  /// Into frames of one Noise message at most, as the window allows.
  case split
  /// One frame, for peers that take the first frame for the message; refused if the window is too small
  /// (subnet-wire.md §4).
  case whole
  /// One frame even beyond the window: only for peers known not to enforce theirs (py-libp2p).
  case beyondWindow
}
