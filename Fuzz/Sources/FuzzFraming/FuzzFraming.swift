import Foundation
import Fuzzing
import NIOCore

@testable import Protocols

/// What a hostile peer sends in a call. The first byte chooses the framing and the side that it attacks. However the
/// bytes are cut, the outcome must be the same, and nothing is longer than the limit.
@main
struct FuzzFraming: FuzzTarget {
  private static let limit = 1024
  private static let protocolID = "ExampleServicer.rpc_square"
  private static let callID = [UInt8](repeating: 7, count: UnaryEnvelope.callIDLength)

  func seeds() throws -> [[UInt8]] {
    var message = ByteBuffer()
    StreamRecord.write(message: [8, 5], to: &message)
    let records = [UInt8](buffer: message)
    let failure = [UInt8](buffer: StreamRecord.failure("unlucky"))
    let end = [UInt8](buffer: StreamRecord.endOfInput)
    let request = [UInt8](
      buffer: try UnaryCaller(protocolID: Self.protocolID, callID: Self.callID).request(Data([8, 5])))
    var callee = UnaryCallee(protocolID: Self.protocolID)
    _ = try callee.receive(ByteBuffer(bytes: request))
    let answers = [callee.answer(.success(Data([8, 25]))), callee.answer(.failure(RPCError("unlucky")))]
    let streams: [[UInt8]] = [records + records + end, records + failure, records, [0, 0xff, 0xff], [2]]
    var seeds: [[UInt8]] = streams.flatMap { [Array("s".utf8) + $0, Array("r".utf8) + $0] }
    seeds += [Array("u".utf8) + request, Array("u".utf8) + request + [0]]
    seeds += answers.map { Array("c".utf8) + [UInt8](buffer: $0) }
    return seeds
  }

  func take(_ input: [UInt8]) {
    let bytes = Array(input.dropFirst())
    switch input.first.map({ Unicode.Scalar($0) }) {
    case "s": stream(bytes, from: .caller)
    case "r": stream(bytes, from: .callee)
    case "u":
      unary(bytes) {
        var callee = UnaryCallee(protocolID: Self.protocolID, maximumLength: Self.limit)
        return { (piece: ByteBuffer) throws(CallError) in try callee.receive(piece) }
      }
    case "c":
      unary(bytes) {
        var caller = UnaryCaller(protocolID: Self.protocolID, callID: Self.callID)
        return { (piece: ByteBuffer) throws(CallError) in try caller.receive(piece) }
      }
    default: break
    }
  }

  // MARK: Streams

  private struct Outcome: Equatable {
    var messages: [[UInt8]] = []
    var hasEnded = false
    var failure: CallError.Code?
  }

  private func stream(_ bytes: [UInt8], from sender: StreamReader.Sender) {
    let whole = read(bytes, from: sender, step: max(1, bytes.count))
    promise(whole == read(bytes, from: sender, step: 1), "cutting changes what is read")
    promise(whole.messages.allSatisfy { $0.count <= Self.limit }, "a message exceeds the limit")
  }

  private func read(_ bytes: [UInt8], from sender: StreamReader.Sender, step: Int) -> Outcome {
    var reader = StreamReader(sender, maximumLength: Self.limit)
    var outcome = Outcome()
    do throws(CallError) {
      for start in stride(from: 0, to: bytes.count, by: step) {
        reader.append(ByteBuffer(bytes: bytes[start..<min(start + step, bytes.count)]))
        while let event = try reader.next() {
          guard case .message(let body) = event else {
            outcome.hasEnded = true
            return outcome
          }
          outcome.messages.append([UInt8](buffer: body))
        }
      }
      try reader.finish()
    } catch {
      outcome.failure = error.kind
    }
    return outcome
  }

  // MARK: Unary

  /// Bytes behind an envelope are a fault only if they come with it, so only what is taken whole has to be taken cut.
  private func unary(_ bytes: [UInt8], _ make: () -> (ByteBuffer) throws(CallError) -> Data?) {
    guard let whole = try? make()(ByteBuffer(bytes: bytes)) else { return }
    let receive = make()
    var body: Data?
    for byte in bytes where body == nil {
      do { body = try receive(ByteBuffer(bytes: [byte])) } catch { break }
    }
    promise(body == whole, "cutting changes what is received")
  }
}
