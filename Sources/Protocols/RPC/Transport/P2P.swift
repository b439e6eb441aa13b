public import LibP2P
public import NIOCore

/// A node among peers, as far as procedures need one: ``P2PHost``, or an ``InProcessNode`` in tests.
public protocol P2P: Sendable {
  var peerID: PeerID { get }

  /// The protocols that are served by id.
  var protocols: [String] { get }

  /// Opens a stream with a peer in one protocol.
  ///
  /// - Throws: ``HostError``, ``NegotiationError`` `negotiation.unsupported`, `CancellationError` and what else the
  ///   transport has.
  func openStream(to peer: PeerID, in protocolID: String) async throws -> any PeerStream

  /// Where a task reads and writes the streams with a peer cheapest; nil if it makes no difference.
  func executor(for peer: PeerID) -> EventLoopTaskExecutor?

  /// Serves a protocol that nothing serves yet; false if something does.
  ///
  /// - Parameter handler: serves one stream, and never takes long between two waits. Returning finishes it, throwing
  ///   aborts it; its task is cancelled when the peer aborts it.
  func serve(_ protocolID: String, _ handler: @escaping @Sendable (any PeerStream) async throws -> Void) -> Bool

  /// Stops serving a protocol; streams that are open go on.
  func stopHandling(_ protocolID: String)

  /// Why nothing can be served here: handlers of a worker are bound in the worker's own process (P-16). Nil where it
  /// can.
  var refusalToServe: String? { get }
}

extension P2P {
  public func executor(for peer: PeerID) -> EventLoopTaskExecutor? { nil }

  public var refusalToServe: String? { nil }
}

/// A stream of bytes to and from an authenticated peer, as far as procedures need one; see ``P2PStream``.
///
/// A stream that is forgotten without ``close()`` is aborted.
public protocol PeerStream: Sendable {
  /// The authenticated peer at the other end.
  var peer: PeerID { get }

  /// The key behind ``peer``; nil where only the id is known, which holds the key itself unless that is RSA.
  var peerKey: PublicKey? { get }

  /// What has arrived, at least one byte, or nil when the peer has finished. An abort throws.
  func read(upTo limit: Int) async throws -> ByteBuffer?

  /// Queues bytes, and waits while too many are.
  func write(_ bytes: ByteBuffer) async throws

  /// Ends this side's direction behind what is queued.
  func closeWrite()

  /// Ends the stream orderly: what is queued goes out, what still comes is dropped.
  func close()

  /// Aborts both directions.
  func reset()

  /// Aborts the stream after this time; nil takes the deadline away.
  func setDeadline(in time: Duration?)

  /// From now on, cancels the task that serves this stream as soon as the peer ends its direction, even behind bytes
  /// that were not read.
  ///
  /// - Parameter orSends: cancels it also for any byte that the peer sends from now on.
  func cancelHandlerWhenPeerFinishes(orSends: Bool)
}
