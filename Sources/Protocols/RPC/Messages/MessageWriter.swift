import NIOCore
public import SwiftProtobuf

/// Where the messages of one direction of a streaming call go out. For one task at a time.
public struct MessageWriter<Content: Message>: Sendable {
  let stream: any PeerStream
  let authorization: any CallAuthorization
  let maximumLength: Int

  /// Sends a message, signed; waits while the peer does not keep up.
  ///
  /// - Throws: ``CallError`` `rpc.too-long`, ``Refusal`` where it can't be signed, errors of the stream when the peer
  ///   has left, `CancellationError`.
  public func write(_ message: Content) async throws {
    try await stream.write(try await record(message))
  }

  /// Sends all messages of a sequence.
  public func write<Messages: AsyncSequence>(contentsOf messages: Messages) async throws
  where Messages.Element == Content {
    for try await message in messages { try await write(message) }
  }

  /// The message as it goes out.
  func record(_ message: Content) async throws -> ByteBuffer {
    let body: [UInt8] = try await authorization.sign(message).serializedBytes()
    guard body.count <= maximumLength else {
      throw CallError(.tooLong, "a message of \(body.count) bytes exceeds the limit of \(maximumLength)")
    }
    var record = ByteBuffer()
    StreamRecord.write(message: body, to: &record)
    return record
  }
}
