/// What may be in use at a time, by scope. The defaults follow threats.md part 3.
///
/// A connection counts in `system`, and in `transient` until its peer is known, then in `peer`. A stream counts
/// in `system` and `peer`, and in `transient` until its protocol is known, then in `protocol` and `protocolPeer`.
public struct ResourceLimits: Sendable {
  /// Upper bounds of one scope. Totals bind besides the bounds by direction.
  public struct Scope: Sendable {
    public var inboundConnections: Int
    public var outboundConnections: Int
    public var connections: Int
    public var inboundStreams: Int
    public var outboundStreams: Int
    public var streams: Int
    /// Bytes that wait in stream buffers, either direction.
    public var memory: Int

    /// Bounds that are not given don't bind.
    public init(
      inboundConnections: Int = .max, outboundConnections: Int = .max, connections: Int = .max,
      inboundStreams: Int = .max, outboundStreams: Int = .max, streams: Int = .max, memory: Int = .max
    ) {
      self.inboundConnections = inboundConnections
      self.outboundConnections = outboundConnections
      self.connections = connections
      self.inboundStreams = inboundStreams
      self.outboundStreams = outboundStreams
      self.streams = streams
      self.memory = memory
    }
  }

  /// Everything together.
  public var system = Scope(
    inboundConnections: 1024, outboundConnections: 1024, connections: 1536, streams: 16_384, memory: 512 << 20
  )
  /// What is not authenticated or negotiated yet.
  public var transient = Scope(
    inboundConnections: 256, outboundConnections: 128, connections: 384, streams: 4096, memory: 32 << 20)
  /// Not authenticated connections from one address (IPv4) or /56 network (IPv6), so that one stranger can't use
  /// up `transient`.
  public var transientAddress = Scope(inboundConnections: 64)
  /// All connections from one address (IPv4) or /56 network (IPv6).
  public var address = Scope(inboundConnections: 256)
  /// One peer.
  public var peer = Scope(connections: 8, inboundStreams: 512, outboundStreams: 1024, memory: 64 << 20)
  /// One protocol, over all peers.
  public var `protocol` = Scope(streams: 8192, memory: 256 << 20)
  /// One protocol of one peer.
  public var protocolPeer = Scope(inboundStreams: 512, outboundStreams: 1024, memory: 48 << 20)
  /// One stream.
  public var stream = Scope(memory: 20 << 20)

  public init() {}
}
