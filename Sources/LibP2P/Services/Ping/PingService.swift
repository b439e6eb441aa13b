public import NIOCore
import Synchronization

/// Ping on a host: answers, and measures round trips.
public final class PingService: Sendable {
  /// The protocol's id.
  public static let protocolID = "/ipfs/ping/1.0.0"
  /// Streams served to one peer at a time (libp2p "ping" specification).
  static let maximumStreams = 2
  /// A stream on which nothing comes for so long is aborted.
  static let idleTimeout = TimeAmount.seconds(60)
  /// What an answer may take.
  static let timeout = TimeAmount.seconds(10)

  private let streams = Mutex<[PeerID: Int]>([:])

  /// Serves the protocol on `host`.
  public init(_ host: P2PHost) {
    host.handle(Self.protocolID, on: .eventLoop) { [weak self] in try await self?.echo($0) }
  }

  /// A stream to ping over, any number of times.
  ///
  /// - Throws: what ``P2PConnection/openStream(_:assumed:)`` throws.
  public func open(_ connection: P2PConnection) async throws -> PingStream {
    PingStream(try await connection.openStream([Self.protocolID]))
  }

  private func echo(_ stream: P2PStream) async throws {
    let number = streams.withLock { streams in
      streams[stream.peer, default: 0] += 1
      return streams[stream.peer, default: 0]
    }
    defer {
      streams.withLock { streams in
        let left = streams[stream.peer, default: 1] - 1
        streams[stream.peer] = left > 0 ? left : nil
      }
    }
    guard number <= Self.maximumStreams else {
      throw PingError(.tooMany, "\(stream.peer) pings on more than \(Self.maximumStreams) streams")
    }
    var echo = PingEcho()
    stream.setDeadline(.now() + Self.idleTimeout)
    while let bytes = try await stream.read() {
      if let answer = echo.receive(bytes) {
        stream.setDeadline(.now() + Self.idleTimeout)
        try await stream.write(answer)
      }
    }
  }
}

/// One ping after the other over the same stream.
public struct PingStream: ~Copyable {
  private let stream: P2PStream
  private var probe = PingProbe()

  init(_ stream: P2PStream) {
    self.stream = stream
  }

  deinit { stream.close() }

  /// The time until a payload of random bytes is back.
  ///
  /// - Throws: ``PingError``, or what reading and writing throw: `stream.deadline` after ten seconds.
  public mutating func roundTrip() async throws -> TimeAmount {
    var random = SystemRandomNumberGenerator()
    stream.setDeadline(.now() + PingService.timeout)
    try await stream.write(probe.start(now: .now(), using: &random))
    while let bytes = try await stream.read() {
      if let time = try probe.receive(bytes, now: .now()) { return time }
    }
    throw PingError(.closed, "\(stream.peer) closed the stream of a ping")
  }
}
