import Foundation
import LibP2P
import NIOCore
import Testing

@testable import Protocols

@Suite("Stream framing")
struct StreamFramingTests {
  struct Minimal: Decodable {
    struct Stream: Decodable {
      struct Exchange: Decodable { let caller, callee: Hexadecimal }
      let message0804, emptyMessage, endOfInput, errorUnlucky: Hexadecimal
      let unaryToStream, streamToUnary: Exchange
      let errorMidway: Callee
    }
    struct Callee: Decodable { let callee: Hexadecimal }
    let stream: Stream
    static func load() throws -> Stream { try MeshVectors.load("framing_minimal.json", as: Minimal.self).stream }
  }

  private enum Seen: Equatable {
    case message([UInt8])
    case end
    case failed(CallError.Code, String?)
  }

  /// All that a reader finds in `bytes`, cut into pieces of one size, and then a FIN.
  private func read(
    _ bytes: [UInt8], from sender: StreamReader.Sender, piece: Int, limit: Int = 1000, finish: Bool = true
  ) -> [Seen] {
    var reader = StreamReader(sender, maximumLength: limit)
    var rest = ByteBuffer(bytes: bytes)
    var seen: [Seen] = []
    do throws(CallError) {
      while let part = rest.readSlice(length: min(piece, rest.readableBytes)), part.readableBytes > 0 {
        reader.append(part)
        while let event = try reader.next() {
          guard case .message(let body) = event else { return seen + [.end] }
          seen.append(.message(Array(body.readableBytesView)))
        }
      }
      if finish { try reader.finish() }
      return seen + (try reader.next() == .end ? [.end] : [])
    } catch {
      return seen + [.failed(error.kind, error.remoteText)]
    }
  }

  /// Two negotiation messages, each with a length of one byte, come before the records of a recorded stream.
  private func records(of stream: Hexadecimal) -> [UInt8] {
    let first = stream.bytes.dropFirst(1 + Int(stream.bytes[0]))
    return Array(first.dropFirst(1 + Int(first[first.startIndex])))
  }

  @Test("Records are written as the published stack writes them")
  func writing() throws {
    let vectors = try Minimal.load()
    var message = ByteBuffer()
    StreamRecord.write(message: [0x08, 0x04], to: &message)
    #expect(Array(message.readableBytesView) == vectors.message0804.bytes)
    var empty = ByteBuffer()
    StreamRecord.write(message: [], to: &empty)
    #expect(Array(empty.readableBytesView) == vectors.emptyMessage.bytes)
    #expect(Array(StreamRecord.endOfInput.readableBytesView) == vectors.endOfInput.bytes)
    #expect(Array(StreamRecord.failure("unlucky").readableBytesView) == vectors.errorUnlucky.bytes)
  }

  @Test("Recorded streams are read, however they are cut", arguments: 1...30)
  func reading(piece: Int) throws {
    let vectors = try Minimal.load()
    #expect(read(records(of: vectors.unaryToStream.caller), from: .caller, piece: piece) == [.message([8, 4]), .end])
    #expect(
      read(records(of: vectors.unaryToStream.callee), from: .callee, piece: piece)
        == [.message([8, 1]), .message([8, 2]), .message([8, 3]), .message([8, 4]), .end])
    #expect(
      read(records(of: vectors.streamToUnary.caller), from: .caller, piece: piece)
        == [.message([8, 1]), .message([8, 2]), .message([8, 3]), .end])
    #expect(read(records(of: vectors.streamToUnary.callee), from: .callee, piece: piece) == [.message([8, 6]), .end])
    #expect(
      read(records(of: vectors.errorMidway.callee), from: .callee, piece: piece)
        == [.message([8, 1]), .message([8, 2]), .message([8, 3]), .failed(.remote, "unlucky")])
  }

  @Test("A caller's failure record ends its input, whatever its text")
  func endWithText() {
    let bytes = Array(StreamRecord.failure("boom").readableBytesView)
    #expect(read(bytes, from: .caller, piece: 1) == [.end])
  }

  @Test("A stream that ends inside a record, or before the end of input, is truncated")
  func truncated() throws {
    let message = try Minimal.load().message0804.bytes
    for count in 1..<message.count {
      #expect(read(Array(message.prefix(count)), from: .callee, piece: 100) == [.failed(.truncated, nil)])
    }
    #expect(read(message, from: .caller, piece: 100) == [.message([8, 4]), .failed(.truncated, nil)])
    #expect(read(message, from: .callee, piece: 100) == [.message([8, 4]), .end])
  }

  @Test("S4 a length above the limit is refused before its body is waited for", arguments: [1001, UInt64.max])
  func lengths(length: UInt64) {
    let eight = Array(ByteBuffer(integer: length).readableBytesView)
    #expect(read([0] + eight, from: .callee, piece: 100, finish: false) == [.failed(.tooLong, nil)])
    let isLong = length > UInt64(StreamRecord.maximumFailureLength)
    #expect(read([1] + eight, from: .callee, piece: 100, finish: false) == (isLong ? [.failed(.tooLong, nil)] : []))
  }

  @Test("An unknown marker and a failure that is no message break the stream", arguments: [2, 0x7f, 0xff])
  func markers(marker: UInt8) {
    #expect(read([marker], from: .callee, piece: 1) == [.failed(.malformed, nil)])
    let failure: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 0, 2, 0xff, 0xff]
    #expect(read(failure, from: .caller, piece: 4) == [.failed(.malformed, nil)])
  }
}
