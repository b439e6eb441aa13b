import LibP2P
import NIOCore
import NIOHTTP1
import Synchronization

/// Reads one answer from its stream.
///
/// It alone holds the stream: when nobody reads any more, the stream is forgotten and thereby aborted.
final class ResponseSource: Sendable {
  private struct State {
    var reader: ResponseReader
    var deadline: NIODeadline
  }

  private let stream: P2PStream
  private let silence: TimeAmount
  private let end: NIODeadline
  private let state: Mutex<State>

  init(_ stream: P2PStream, _ reader: ResponseReader, options: ApiCallOptions) {
    self.stream = stream
    silence = TimeAmount(options.silence)
    end = options.deadline.map { .now() + TimeAmount($0) } ?? .distantFuture
    let deadline = min(.now() + silence, end)
    stream.setDeadline(deadline)
    state = Mutex(State(reader: reader, deadline: deadline))
  }

  var isSuspect: Bool { state.withLock(\.reader.isSuspect) }

  /// Status and headers of an answer that has them, before its body is read.
  func head() async throws -> (status: Int, headers: HTTPHeaders) {
    guard case .head(let status, let headers) = try await event() else {
      throw ApiError(.malformed, "the answer has no head")
    }
    return (status, headers)
  }

  /// The next piece of the body, or nil when it is whole.
  func next() async throws -> ByteBuffer? {
    switch try await event() {
    case .body(let piece): return piece
    case .head, .end, nil: return nil
    }
  }

  /// What comes next, or nil after the end. Any error aborts the stream.
  private func event() async throws -> AnswerReader.Event? {
    do {
      while true {
        let (event, isOver) = try state.withLock { state throws(ApiError) in
          (try state.reader.next(), state.reader.isOver)
        }
        if isOver { stream.close() }
        if event != nil || isOver { return event }
        let bytes = try await stream.read()
        postponeDeadline()
        try state.withLock { state throws(ApiError) in try state.reader.receive(bytes) }
      }
    } catch {
      stream.reset()
      throw error
    }
  }

  /// Tells the stream of the next deadline, but not for every piece.
  private func postponeDeadline() {
    let now = NIODeadline.now()
    let deadline: NIODeadline? = state.withLock { state in
      let next = min(now + silence, end)
      guard next > state.deadline + .nanoseconds(silence.nanoseconds / 4) else { return nil }
      state.deadline = next
      return next
    }
    if let deadline { stream.setDeadline(deadline) }
  }
}
