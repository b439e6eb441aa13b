import NIOCore
import NIOPosix
import Synchronization
import Testing

/// The proxy is a measuring instrument for other tests, so it is held to its own promises.
@Suite("Fault proxy", .serialized, .timeLimit(.minutes(1)))
struct FaultProxyTests {
  @Test("what passes arrives whole, in both directions")
  func pass() async throws {
    try await withEcho { proxy in
      let client = try await EchoClient(port: proxy.port)
      let sent = [UInt8](repeating: 7, count: 3 << 20)
      try await client.send(sent)
      #expect(await client.receive(sent.count) == sent)
      try await client.close()
    }
  }

  @Test("delayed bytes arrive late each way, and in order when the delay is taken away")
  func delay() async throws {
    try await withEcho { proxy in
      let client = try await EchoClient(port: proxy.port)
      try await proxy.set(.delay(.milliseconds(20)))
      let start = ContinuousClock.now
      try await client.send([0])
      #expect(await client.receive(1) == [0])
      #expect(ContinuousClock.now - start >= .milliseconds(40))
      try await client.send([1, 2, 3])
      try await Task.sleep(for: .milliseconds(5))
      try await proxy.set(.pass)
      try await client.send([4, 5, 6])
      #expect(await client.receive(6) == [1, 2, 3, 4, 5, 6])
      try await client.close()
    }
  }

  @Test("silence keeps the connection and withholds the bytes until it ends")
  func silence() async throws {
    try await withEcho { proxy in
      let client = try await EchoClient(port: proxy.port)
      try await client.send([1])
      #expect(await client.receive(1) == [1])
      try await proxy.set(.silence)
      try await client.send([2])
      let late = try await EchoClient(port: proxy.port)
      try await late.send([3])
      // The proxy learns of the new connection when its event loop comes to it.
      while try await proxy.openConnections() < 2 { try await Task.sleep(for: .milliseconds(5)) }
      try await Task.sleep(for: .milliseconds(50))
      #expect(client.arrived == 1 && late.arrived == 0)
      try await proxy.set(.pass)
      #expect(await client.receive(1) == [2])
      #expect(await late.receive(1) == [3])
      try await client.close()
      try await late.close()
    }
  }

  @Test("killed connections close, new ones too, and the next mode serves again")
  func kill() async throws {
    try await withEcho { proxy in
      let client = try await EchoClient(port: proxy.port)
      try await proxy.set(.kill)
      try await client.closed()
      let second = try await EchoClient(port: proxy.port)
      try await second.closed()
      #expect(try await proxy.acceptedConnections() == 2)
      try await proxy.set(.pass)
      let third = try await EchoClient(port: proxy.port)
      try await third.send([9])
      #expect(await third.receive(1) == [9])
      try await third.close()
    }
  }

  @Test("a dropped connection closes and the proxy serves on")
  func drop() async throws {
    try await withEcho { proxy in
      let client = try await EchoClient(port: proxy.port)
      try await client.send([1])
      #expect(await client.receive(1) == [1])
      try await proxy.dropConnections()
      try await client.closed()
      let second = try await EchoClient(port: proxy.port)
      try await second.send([2])
      #expect(await second.receive(1) == [2])
      try await second.close()
    }
  }

  @Test("refused callers hear it from the operating system, and the port comes back")
  func refuse() async throws {
    try await withEcho { proxy in
      let client = try await EchoClient(port: proxy.port)
      try await proxy.set(.refuse)
      try await client.closed()
      await #expect(throws: (any Error).self) { try await EchoClient(port: proxy.port) }
      try await proxy.set(.pass)
      let second = try await EchoClient(port: proxy.port)
      try await second.send([2])
      #expect(await second.receive(1) == [2])
      try await second.close()
    }
  }

  /// A proxy in front of a server that sends back what it gets.
  private func withEcho(_ body: (FaultProxy) async throws -> Void) async throws {
    let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Echo()) }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    do {
      try await FaultProxy.with(to: server.localAddress?.port ?? 0, body)
    } catch {
      try? await server.close()
      throw error
    }
    try await server.close()
  }
}

private final class Echo: ChannelInboundHandler, Sendable {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer
  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    context.writeAndFlush(data, promise: nil)
  }
}

/// A client of the echo server, one test's own.
private final class EchoClient: Sendable {
  private let channel: any Channel
  private let chunks: AsyncStream<ByteBuffer>
  private let collector: Collector

  /// Bytes that came in so far, received or not.
  var arrived: Int { collector.arrived.load(ordering: .sequentiallyConsistent) }

  init(port: Int) async throws {
    let (chunks, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
    self.chunks = chunks
    let collector = Collector(into: continuation)
    self.collector = collector
    channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(collector)
        }
      }
      .connect(host: "127.0.0.1", port: port).get()
  }

  func send(_ bytes: [UInt8]) async throws { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)) }

  /// The next `count` bytes, or fewer when the connection ends.
  func receive(_ count: Int) async -> [UInt8] {
    var bytes: [UInt8] = []
    for await chunk in chunks {
      bytes.append(contentsOf: chunk.readableBytesView)
      if bytes.count >= count { break }
    }
    return bytes
  }

  func closed() async throws { try await channel.closeFuture.get() }
  func close() async throws { try await channel.close() }
}

private final class Collector: ChannelInboundHandler, Sendable {
  typealias InboundIn = ByteBuffer
  let arrived = Atomic(0)
  private let continuation: AsyncStream<ByteBuffer>.Continuation

  init(into continuation: AsyncStream<ByteBuffer>.Continuation) { self.continuation = continuation }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data)
    arrived.add(bytes.readableBytes, ordering: .sequentiallyConsistent)
    continuation.yield(bytes)
  }

  func channelInactive(context: ChannelHandlerContext) { continuation.finish() }
}
