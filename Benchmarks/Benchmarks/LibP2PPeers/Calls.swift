import LibP2P
import NIOCore

/// What a caller feels of one connection.
enum Calls {
  private static let connects = 20
  private static let pings = 2_000
  private static let streams = 500

  static func measure(_ address: Multiaddr, bytes: UInt64) async throws -> [String: Double] {
    var connectTimes: [Double] = []
    for _ in 0..<connects {
      let host = try LibP2PPeers.host()
      connectTimes.append(
        try await seconds {
          let stream = try await host.connect(at: address).openStream([EchoProtocol.id], assumed: true)
          _ = try await EchoProtocol.call(stream, ByteBuffer(bytes: [1]))
          stream.close()
        })
      await host.shutdown()
    }
    let host = try LibP2PPeers.host()
    let connection = try await host.connect(at: address)
    var ping = try await PingService(host).open(connection)
    var pingTimes: [Double] = []
    for _ in 0..<pings { pingTimes.append(Double(try await ping.roundTrip().nanoseconds) / 1e9) }
    var streamTimes: [Double] = []
    for _ in 0..<streams {
      streamTimes.append(
        try await seconds {
          let stream = try await connection.openStream([EchoProtocol.id])
          _ = try await EchoProtocol.call(stream, ByteBuffer(bytes: [1]))
          stream.close()
        })
    }
    let (downTime, upTime) = try await withTaskExecutorPreference(connection.executor) {
      let down = try await connection.openStream([BlastProtocol.id])
      let up = try await connection.openStream([SinkProtocol.id])
      let downTime = try await seconds { try await receive(bytes, down) }
      let upTime = try await seconds {
        guard try await SinkProtocol.call(up, count: bytes) else { throw LibP2PPeers.Failure("an upload was damaged") }
      }
      return (downTime, upTime)
    }
    await host.shutdown()
    return [
      "connect + first byte": connectTimes.median, "ping": pingTimes.median, "stream + first byte": streamTimes.median,
      "download": Double(bytes) / downTime, "upload, hashed": Double(bytes) / upTime,
    ]
  }

  /// A download that is counted and not hashed: SHA-256 would be the slowest part of it.
  private static func receive(_ bytes: UInt64, _ stream: P2PStream) async throws {
    try await stream.write(ByteBuffer(integer: bytes))
    var received: UInt64 = 0
    while received < bytes, let piece = try await stream.read() { received += UInt64(piece.readableBytes) }
    guard received == bytes else { throw LibP2PPeers.Failure("a download was cut") }
    stream.close()
  }
}
