import NIOCore

/// The bounds of one Yamux session. Values follow threats.md part 3 and what go-yamux and py-libp2p bear.
struct YamuxLimits: Sendable {
  /// The window both sides start a stream with, in bytes (yamux specification).
  static let initialWindow = 262_144
  /// The longest body of a frame sent: with two headers and sealed it fits 64 KiB, which is what one read takes.
  static let maximumSentBody = 65_440
  /// The largest window a stream grows to, in bytes.
  var maximumWindow = 16 << 20
  /// What all streams' windows together may grow beyond ``initialWindow``, in bytes.
  var windowGrowth = 32 << 20
  /// Streams that the peer may have open at a time.
  var inboundStreams = 512
  /// Streams that we may have open at a time.
  var outboundStreams = 1024
  /// Streams opened by us that the peer has not acknowledged yet; further ones wait.
  var acknowledgementBacklog = 256
  /// Frames that answer the peer (PING, RST) and wait for a slow socket.
  var controlFrames = 1024
  /// PINGs answered: at most `burst` at once, then one per `interval`.
  var pings = TokenBucket(burst: 64, interval: .milliseconds(100))
  /// Streams the peer opened and reset before we were done with them ("rapid reset", CVE-2023-44487).
  var resets = TokenBucket(burst: 1024, interval: .milliseconds(10))
  /// Frames that achieve nothing: empty data, credit never spent, frames for streams that are gone.
  var idleFrames = TokenBucket(burst: 4096, interval: .milliseconds(2))
  /// Time between keepalive PINGs.
  var keepaliveInterval = TimeAmount.seconds(30)
  /// Silence after a PING that ends the session.
  var keepaliveTimeout = TimeAmount.seconds(10)
  /// How long a PING may stay unanswered while other bytes arrive.
  var pongTimeout = TimeAmount.seconds(60)
  /// How long consumed bytes may wait before they are granted, though they are less than half the window.
  /// py-libp2p gives up a blocked write after five seconds (subnet-wire.md §1.4).
  var grantDelay = TimeAmount.seconds(1)
  /// A window doubles when half of it was consumed within this many round trips.
  static let growthRoundTrips: Int64 = 4
}
