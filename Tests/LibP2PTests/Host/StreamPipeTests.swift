import NIOCore
import Testing

@testable import LibP2P

@Suite("Stream buffers")
struct StreamPipeTests {
  private static func bytes(_ pipe: inout StreamPipe, upTo limit: Int = .max) -> [UInt8]? {
    if case .bytes(let bytes) = pipe.read(upTo: limit) { Array(bytes.readableBytesView) } else { nil }
  }

  @Test("Bytes come out in order, in portions of any size")
  func order() {
    var random = SeededGenerator(seed: 3)
    var pipe = StreamPipe()
    var (written, read): ([UInt8], [UInt8]) = ([], [])
    for _ in 0..<500 {
      if Bool.random(using: &random) {
        let size = [1, 100, 20_000].randomElement(using: &random) ?? 1
        let bytes = random.bytes(size)
        written += bytes
        pipe.append(ByteBuffer(bytes: bytes))
      } else if let bytes = Self.bytes(&pipe, upTo: .random(in: 1...30_000, using: &random)) {
        read += bytes
      }
      #expect(pipe.unread == written.count - read.count)
    }
    while let bytes = Self.bytes(&pipe) { read += bytes }
    #expect(read == written)
  }

  @Test("One byte of a large buffer does not keep the buffer")
  func smallSlices() {
    var pipe = StreamPipe()
    for _ in 0..<1_000 {
      let large = ByteBuffer(repeating: 7, count: 65_536)
      if let one = large.getSlice(at: 100, length: 1) { pipe.append(one) }
    }
    guard case .bytes(let bytes) = pipe.read(upTo: .max) else {
      Issue.record("nothing to read")
      return
    }
    #expect(bytes.readableBytes == 1_000)
    #expect(bytes.storageCapacity < 65_536)
  }

  @Test("An abort never looks like an end, and a complete stream survives the connection")
  func endings() {
    var aborted = StreamPipe()
    aborted.append(ByteBuffer(bytes: [1]))
    aborted.fail(StreamError(.reset, "aborted"))
    aborted.end()
    if case .failed = aborted.read(upTo: 9) {} else { Issue.record("an abort is hidden") }

    var complete = StreamPipe()
    complete.append(ByteBuffer(bytes: [1]))
    complete.end()
    complete.fail(StreamError(.connectionLost, "gone"))
    #expect(Self.bytes(&complete) == [1])
    if case .end = complete.read(upTo: 9) {} else { Issue.record("a complete stream failed") }
    #expect(throws: StreamError.self) { try complete.queue(1) }
  }

  @Test("A writer waits above the high mark until the low mark")
  func watermarks() throws {
    var pipe = StreamPipe()
    try pipe.queue(StreamPipe.highWatermark)
    #expect(!pipe.isFull)
    try pipe.queue(1)
    #expect(pipe.isFull)
    pipe.sent(StreamPipe.highWatermark - StreamPipe.lowWatermark)
    #expect(!pipe.hasRoom)
    pipe.sent(1)
    #expect(pipe.hasRoom)
  }

  @Test("Flow control hears of read bytes in portions, and of all when asked")
  func reports() {
    var pipe = StreamPipe()
    pipe.append(ByteBuffer(repeating: 0, count: StreamPipe.reportSize))
    _ = Self.bytes(&pipe, upTo: StreamPipe.reportSize - 1)
    #expect(pipe.takeReport() == nil)
    _ = Self.bytes(&pipe, upTo: 1)
    #expect(pipe.takeReport() == StreamPipe.reportSize)
    #expect(pipe.takeReport(always: true) == nil)
  }

  @Test("Memory is reserved in steps")
  func memorySteps() throws {
    var pipe = StreamPipe()
    #expect(pipe.memory == 0)
    pipe.append(ByteBuffer(bytes: [1]))
    #expect(pipe.memory == StreamPipe.memoryStep)
    try pipe.queue(StreamPipe.memoryStep)
    #expect(pipe.memory == 2 * StreamPipe.memoryStep)
  }
}
