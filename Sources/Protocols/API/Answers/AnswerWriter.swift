import LibP2P
import NIOCore
import Synchronization

/// Writes one answer to its stream, as its form says.
final class AnswerWriter: Sendable {
  private let stream: P2PStream
  private let form: Mutex<any AnswerForm>

  init(_ form: any AnswerForm, to stream: P2PStream) {
    self.form = Mutex(form)
    self.stream = stream
  }

  /// Goes on in another form, before anything is written.
  func change(to form: any AnswerForm) { self.form.withLock { $0 = form } }

  /// Takes the next step, and waits while the caller does not keep up.
  ///
  /// - Throws: ``ApiError`` if the form can't bear it; what writing throws.
  func write(_ step: (inout any AnswerForm) throws(ApiError) -> [AnswerStep]) async throws {
    let steps = try form.withLock { form throws(ApiError) in try step(&form) }
    for step in steps {
      switch step {
      case .write(let bytes, let framing): try await write(bytes, framing)
      case .abort: stream.reset()
      }
    }
  }

  private func write(_ bytes: ByteBuffer, _ framing: WriteFraming) async throws {
    do {
      try await stream.write(bytes, framing: framing)
    } catch let error as YamuxError where error.kind == .frameExceedsWindow {
      throw ApiError.responseTooLong(PlainAnswer.windowFrame)
    }
  }
}
