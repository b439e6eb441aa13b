import NIOCore

/// An answer in version 1.1.0, which has signs for all that may happen.
struct FramedAnswer: AnswerForm {
  private let maximum: Int
  private var count = 0

  /// - Parameter maximum: the longest body, in bytes.
  init(maximum: Int) {
    self.maximum = maximum
  }

  func begin(_ response: UpstreamResponse) throws(ApiError) -> [AnswerStep] {
    guard response.announcedLength ?? 0 <= maximum else { throw .responseTooLong(maximum) }
    return [.write(try AnswerFrame.head(response), .split)]
  }

  mutating func add(_ piece: ByteBuffer) throws(ApiError) -> [AnswerStep] {
    count += piece.readableBytes
    guard count <= maximum else { throw .responseTooLong(maximum) }
    return AnswerFrame.body(piece).map { .write($0, .split) }
  }

  func end() -> [AnswerStep] { [.write(AnswerFrame.end(bodyBytes: count), .split)] }

  func fail(_ error: ApiError) -> [AnswerStep] { [.write(AnswerFrame.failure(error), .split)] }
}
