import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import LibP2P

/// A client that keeps to nothing: it writes the bytes that a test names and reads only when it is told to.
final class RawClient: Sendable {
  private let socket: LocalSocket

  init(_ pair: ControlPair) async throws {
    socket = try await LocalSocket.connect(
      to: pair.address, within: .seconds(10),
      resources: LocalSocket.resources(connections: 1, memory: 256 << 20, perSocket: 128 << 20),
      on: MultiThreadedEventLoopGroup.singleton)
  }

  func write(_ bytes: ByteBuffer) async throws { try await socket.write(bytes) }

  func write(_ bytes: [UInt8]) async throws { try await write(ByteBuffer(bytes: bytes)) }

  /// Reads one frame.
  func read() async throws -> ByteBuffer? {
    var frames = FrameDecoder(maximumLength: 8 << 20)
    while let bytes = try await socket.read(upTo: 1) {
      frames.append(bytes)
      if let frame = try frames.next() { return frame }
    }
    return nil
  }

  /// Becomes a persistent connection.
  func upgrade() async throws {
    try await write(FrameDecoder.frame(message: PBControlRequest.with { $0.kind = .persistentConnUpgrade }))
    #expect(try await read() != nil)
  }

  func send(_ fill: (inout PBControlPersistentRequest) -> Void) async throws {
    try await write(FrameDecoder.frame(message: PBControlPersistentRequest.with(fill)))
  }

  /// Waits until the node has cut the connection; false if it does not in time.
  func isCut(within time: Duration = .seconds(20)) async throws -> Bool {
    let end = Task { while try await self.socket.read() != nil {} }
    let alarm = Task {
      try await Task.sleep(for: time)
      end.cancel()
    }
    defer { alarm.cancel() }
    do {
      try await end.value
      return true
    } catch is CancellationError {
      return false
    } catch {
      return true
    }
  }

  func close() { socket.reset() }
}
