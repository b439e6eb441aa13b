public import Logging
public import NIOCore
import NIOPosix

/// What a ``P2PHost`` is made from.
public struct HostConfiguration: Sendable {
  /// The key behind the host's peer id.
  public var identity: PrivateKey
  /// Where to listen: `/ip4/…/tcp/…` or `/ip6/…/tcp/…`, port 0 for any. A host that listens nowhere can still be
  /// called over connections it made.
  public var listenAddresses: [Multiaddr] = []
  /// Ids to propose for the Noise handshake, best first. Inbound connections may use any of them.
  public var security = [NoiseHandshake.protocolID, NoiseHandshake.proofOfStakeProtocolID]
  /// Whether to offer the muxer inside the handshake, which saves a round trip.
  public var offersEarlyMuxer = true
  public var limits = ResourceLimits()
  public var timeouts = HostTimeouts()
  public var gater: any ConnectionGater = OpenGater()
  /// Above this many connections, unused ones are closed …
  public var highWatermark = 768
  /// … until this many are left.
  public var lowWatermark = 512
  /// Connections younger than this are not closed for being too many.
  public var trimGrace = TimeAmount.seconds(20)
  public var logger = Logger(label: "libp2p")
  /// Where sockets are served.
  public var eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
  var yamux = YamuxLimits()

  /// - Parameter identity: the key behind the host's peer id.
  public init(identity: PrivateKey) { self.identity = identity }
}
