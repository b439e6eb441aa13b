import NIOCore
import SwiftProtobuf
import Synchronization

/// Where the messages of one direction of a streaming call come in: reads, cuts, decodes, verifies.
///
/// One read of the stream serves all the messages that it brought.
final class MessageInlet<Content: Message>: Sendable {
  private struct State {
    var reader: StreamReader
    /// What ``prefetch()`` found.
    var first: Content?
    /// Why there are no more messages. Nothing behind a message that was refused is ever seen.
    var failure: (any Error)?
    var onEnd: @Sendable ((any Error)?) -> Void = { _ in }

    mutating func takeFirst() -> Content? {
      defer { first = nil }
      return first
    }
  }

  private let stream: any PeerStream
  private let sender: StreamReader.Sender
  private let authorization: any CallAuthorization
  private let state: Mutex<State>

  init(
    _ stream: any PeerStream, from sender: StreamReader.Sender, maximumLength: Int,
    authorization: any CallAuthorization
  ) {
    self.stream = stream
    self.sender = sender
    self.authorization = authorization
    state = Mutex(State(reader: StreamReader(sender, maximumLength: maximumLength)))
  }

  deinit { end(CancellationError()) }

  /// Runs `action` once when there are no more messages: with the reason unless they ended by themselves, also when
  /// nobody wants them any more. Set it before the first is read.
  func onEnd(_ action: @escaping @Sendable ((any Error)?) -> Void) { state.withLock { $0.onEnd = action } }

  /// Waits for the first message, or the end, and keeps it for ``next(isolation:)``.
  func prefetch() async throws {
    let first = try await receive(isolation: nil)
    state.withLock { $0.first = first }
  }

  func next(isolation: isolated (any Actor)? = #isolation) async throws -> Content? {
    if let first = state.withLock({ $0.takeFirst() }) { return first }
    return try await receive(isolation: isolation)
  }

  private func receive(isolation: isolated (any Actor)?) async throws -> Content? {
    do {
      while true {
        switch try nextEvent() {
        case .message(let bytes)?:
          let content = try Content(record: bytes)
          try await authorization.verify(content)
          return content
        case .end?:
          end(nil)
          return nil
        case nil:
          if let bytes = try await stream.read(upTo: .max) {
            state.withLock { $0.reader.append(bytes) }
          } else {
            try state.withLock { try $0.reader.finish() }
          }
        }
      }
    } catch {
      throw fail(error)
    }
  }

  /// Ends the messages with this error, unless they have ended.
  @discardableResult
  func fail(_ error: any Error) -> any Error {
    let (isFirst, failure) = state.withLock { state in
      defer { state.failure = state.failure ?? told(error) }
      return (state.failure == nil, state.failure ?? told(error))
    }
    if isFirst { end(failure) }
    return failure
  }

  private func nextEvent() throws -> StreamReader.Event? {
    try state.withLock { state in
      if let failure = state.failure { throw failure }
      return try state.reader.next()
    }
  }

  /// What a handler gets to see of an error: faults of its caller in the form in which the caller may read them.
  private func told(_ error: any Error) -> any Error {
    guard sender == .caller else { return error }
    return switch error {
    case let error as CallError: RPCError(error)
    case let refusal as Refusal: RefusedCall(refusal: refusal)
    default: error
    }
  }

  private func end(_ error: (any Error)?) {
    let action = state.withLock { state in
      defer { state.onEnd = { _ in } }
      return state.onEnd
    }
    action(error)
  }
}

extension Message {
  /// Decodes what a peer sent.
  ///
  /// - Throws: ``CallError`` `rpc.undecodable`.
  init(record bytes: ByteBuffer) throws(CallError) {
    // No message has more fields than bytes, so most need not be looked at.
    guard
      bytes.readableBytes <= FieldBudget.maximumFields || bytes.withUnsafeReadableBytes(FieldBudget.allows)
    else {
      throw CallError(.undecodable, "a \(Self.protoMessageName) has more than \(FieldBudget.maximumFields) fields")
    }
    do {
      try self.init(serializedBytes: bytes.readableBytesSpan, options: .peers)
    } catch {
      throw CallError(.undecodable, "\(bytes.readableBytes) bytes are no \(Self.protoMessageName)")
    }
  }
}
