import LibP2P
import NIOCore

/// How an answer stands on the wire in one version of the protocol: a value that says what to write.
protocol AnswerForm: Sendable {
  /// The head of the server's answer.
  mutating func begin(_ response: UpstreamResponse) throws(ApiError) -> [AnswerStep]
  /// A piece of the body.
  mutating func add(_ piece: ByteBuffer) throws(ApiError) -> [AnswerStep]
  /// The body is whole.
  mutating func end() throws(ApiError) -> [AnswerStep]
  /// There is no answer, or no more of it.
  mutating func fail(_ error: ApiError) -> [AnswerStep]
}

/// What to do with the stream.
enum AnswerStep: Equatable {
  case write(ByteBuffer, WriteFraming)
  /// Abort: the caller must not take what it has for the whole.
  case abort
}
