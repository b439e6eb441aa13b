import LibP2P
import NIOCore
import Testing

@testable import Protocols

@Suite("Forms of API answers")
struct AnswerFormTests {
  private func bytes(_ count: Int) -> ByteBuffer { ByteBuffer(repeating: 1, count: count) }

  private static let broken = ApiError(.broken, "it broke")
  private static let text = AnswerStep.write(ByteBuffer(string: "Error processing request: it broke"), .split)

  @Test("A unary answer to a published caller is one frame, however the server cut it")
  func oneFrame() throws {
    var answer = PlainAnswer(to: .python, isStream: false, maximum: 10 << 20)
    for _ in 0..<10 { #expect(try answer.add(bytes(100)).isEmpty) }
    #expect(answer.end() == [.write(bytes(1_000), .whole)])
  }

  @Test("Nothing is written for an empty answer; the end of the stream says it all")
  func empty() throws {
    var answer = PlainAnswer(to: .python, isStream: false, maximum: 10)
    #expect(answer.end().isEmpty)
    #expect(answer.fail(ApiError(.responseType, "x")).isEmpty)
  }

  @Test("Beyond the window only a caller that bears it gets one frame; the other gets a text")
  func beyondWindow() throws {
    var answer = PlainAnswer(to: .patientPython, isStream: false, maximum: 10 << 20)
    _ = try answer.add(bytes(262_001))
    #expect(answer.end() == [.write(bytes(262_001), .beyondWindow)])
    answer = PlainAnswer(to: .patientPython, isStream: false, maximum: 10 << 20)
    #expect(throws: ApiError.responseTooLong(6_500_000)) { try answer.add(bytes(6_500_001)) }
    answer = PlainAnswer(to: .python, isStream: false, maximum: 10 << 20)
    #expect(throws: ApiError.responseTooLong(262_000)) { try answer.add(bytes(262_001)) }
  }

  @Test("A streamed answer goes out as it comes, to published callers in frames of 16 KiB at most")
  func stream() throws {
    for caller in [PlainAnswer.Caller.python, .patientPython, .other] {
      var answer = PlainAnswer(to: caller, isStream: true, maximum: 10 << 20)
      #expect(try answer.add(bytes(5)) == [.write(bytes(5), .split)])
      let pieces = caller == .other ? [40_000] : [16_384, 16_384, 7_232]
      #expect(try answer.add(bytes(40_000)) == pieces.map { .write(bytes($0), .split) })
      #expect(answer.end().isEmpty)
    }
  }

  @Test("A failure is a text to published callers, always; an abort to others once they have a part")
  func failures() throws {
    for isStream in [true, false] {
      var answer = PlainAnswer(to: .python, isStream: isStream, maximum: 10)
      _ = try answer.add(bytes(1))
      #expect(answer.fail(Self.broken) == [Self.text])
      answer = PlainAnswer(to: .other, isStream: isStream, maximum: 10)
      #expect(answer.fail(Self.broken) == [Self.text])
      _ = try answer.add(bytes(1))
      #expect(answer.fail(Self.broken) == [.abort])
    }
  }

  @Test("The limit counts all pieces", arguments: [true, false])
  func limit(isStream: Bool) throws {
    var plain = PlainAnswer(to: .python, isStream: isStream, maximum: 10)
    var framed = FramedAnswer(maximum: 10)
    _ = try plain.add(bytes(10))
    _ = try framed.add(bytes(10))
    #expect(throws: ApiError.responseTooLong(10)) { try plain.add(bytes(1)) }
    #expect(throws: ApiError.responseTooLong(10)) { try framed.add(bytes(1)) }
  }

  /// The bytes that a form writes for a body and its end, after a head.
  private func framed(_ pieces: [ByteBuffer]) throws -> [UInt8] {
    var answer = FramedAnswer(maximum: .max)
    // A head: kind 1, length 6, status 200, and a header of nothing.
    var bytes: [UInt8] = [1, 5, 8, 200, 1, 18, 0]
    for piece in pieces { for case .write(let frame, _) in try answer.add(piece) { bytes += frame.readableBytesView } }
    for case .write(let frame, _) in answer.end() { bytes += frame.readableBytesView }
    return bytes
  }

  private func read(_ bytes: [UInt8], by size: Int) throws -> (body: ByteBuffer, isOver: Bool) {
    var reader = ResponseReader(.framed, maximum: .max)
    var body = ByteBuffer()
    var rest = bytes[...]
    while !rest.isEmpty {
      try reader.receive(ByteBuffer(bytes: rest.prefix(size)))
      rest = rest.dropFirst(size)
      while let event = try reader.next() {
        if case .body(let piece) = event { body.writeImmutableBuffer(piece) }
      }
    }
    return (body, reader.isOver)
  }

  @Test("Version 1.1.0: what is written is read, however it is cut", arguments: [1, 2, 7, 65_003, Int.max])
  func roundTrip(size: Int) throws {
    let pieces = [ByteBuffer(string: "one"), ByteBuffer(repeating: 3, count: 70_000), ByteBuffer(string: "")]
    let (body, isOver) = try read(try framed(pieces), by: size)
    #expect(isOver)
    #expect(body == pieces.reduce(into: ByteBuffer()) { $0.writeImmutableBuffer($1) })
  }

  @Test("Version 1.1.0 as it is written down: kind, length, payload")
  func golden() throws {
    #expect(
      try framed([ByteBuffer(string: "hi")]) == [1, 5, 8, 200, 1, 18, 0] + [2, 2, 104, 105] + [3, 2, 8, 2])
    #expect(
      [UInt8](buffer: AnswerFrame.failure(ApiError(.busy, "x"))) == [4, 13, 10, 8] + Array("api.busy".utf8) + [
        18, 1, 120,
      ])
  }

  @Test("Version 1.1.0: an answer that ends anywhere before its end is not whole")
  func truncation() throws {
    let bytes = try framed([ByteBuffer(string: "hello")])
    for count in 0..<bytes.count {
      var reader = ResponseReader(.framed, maximum: .max)
      try reader.receive(ByteBuffer(bytes: bytes.prefix(count)))
      while try reader.next() != nil {}
      #expect(!reader.isOver)
      #expect { try reader.receive(nil) } throws: { coded("api.truncated")($0) }
    }
  }

  @Test("Version 1.0.0: the lengths at which published nodes cut are flagged, others are not")
  func suspect() throws {
    for (count, isSuspect) in [(65_523, false), (65_524, true), (65_525, false)] {
      var reader = ResponseReader(.plain, maximum: .max, suspectLengths: ResponseReader.suspectUnaryLengths)
      try reader.receive(bytes(count))
      #expect(try reader.next() == .body(bytes(count)))
      try reader.receive(nil)
      #expect(reader.isOver && reader.isSuspect == isSuspect)
    }
  }
}
