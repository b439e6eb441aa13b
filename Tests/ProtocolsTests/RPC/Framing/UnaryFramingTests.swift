import Foundation
import LibP2P
import NIOCore
import Testing

@testable import Protocols

@Suite("Unary framing")
struct UnaryFramingTests {
  /// A call as p2pd and hivemind's Python answered it.
  struct Recorded: Decodable, Sendable {
    struct Outcome: Decodable { let response, error: String? }
    let proto: String
    let callId: Hexadecimal
    let requestDelimited: Hexadecimal
    let responseDelimited: Hexadecimal?
    let result: Outcome?
  }

  struct File: Decodable {
    let ok, namespaced, handlerException, handlerReturnsNone, peerFieldFilled: Recorded
    let shortCallId, missingPeerField, wrongInnerProto, extraByteAfterRequest: Recorded

    static func load() throws -> File { try MeshVectors.load("unary_framing.json") }
    var answered: [Recorded] { [ok, namespaced, handlerException, handlerReturnsNone, peerFieldFilled] }
  }

  private func caller(_ recorded: Recorded) -> UnaryCaller {
    UnaryCaller(protocolID: recorded.proto, callID: recorded.callId.bytes)
  }

  @Test("The caller's bytes are those of the published stack")
  func request() throws {
    for recorded in [try File.load().ok, try File.load().namespaced] {
      let bytes = try caller(recorded).request(Data([0x08, 0x05]))
      #expect(Array(bytes.readableBytesView) == recorded.requestDelimited.bytes)
    }
  }

  @Test("Recorded answers are read, however they are cut", arguments: [1, 7, 1000])
  func answers(piece: Int) throws {
    for recorded in try File.load().answered {
      var caller = caller(recorded)
      var bytes = ByteBuffer(bytes: try #require(recorded.responseDelimited).bytes)
      var body: Data?
      var failure: CallError?
      while body == nil, failure == nil, let part = bytes.readSlice(length: min(piece, bytes.readableBytes)),
        part.readableBytes > 0
      {
        do { body = try caller.receive(part) } catch { failure = error }
      }
      let outcome = try #require(recorded.result)
      #expect(body.map { $0.map { byte in String(format: "%02x", byte) }.joined() } == outcome.response)
      #expect(failure?.remoteText == outcome.error)
    }
  }

  @Test("The callee's bytes are those of the published stack")
  func callee() throws {
    for recorded in try File.load().answered {
      var callee = UnaryCallee(protocolID: recorded.proto)
      let request = ByteBuffer(bytes: recorded.requestDelimited.bytes)
      #expect(try callee.receive(request) != nil)
      let outcome = try #require(recorded.result)
      let answer =
        switch (outcome.response, outcome.error) {
        case ("0819"?, _): callee.answer(.success(Data([0x08, 0x19])))
        case ("0806"?, _): callee.answer(.success(Data([0x08, 0x06])))
        case (_, "ValueError('unlucky')"): callee.answer(.failure(RPCError("unlucky", kind: "ValueError")))
        default: callee.answer(.failure(.refused))
        }
      #expect(Array(answer.readableBytesView) == recorded.responseDelimited?.bytes)
    }
  }

  @Test("A call that p2pd drops is dropped")
  func dropped() throws {
    let file = try File.load()
    for recorded in [file.shortCallId, file.missingPeerField, file.wrongInnerProto] {
      var callee = UnaryCallee(protocolID: file.ok.proto)
      let error = #expect(throws: CallError.self) {
        try callee.receive(ByteBuffer(bytes: recorded.requestDelimited.bytes))
      }
      #expect(error?.kind == .malformed)
    }
    var callee = UnaryCallee(protocolID: file.ok.proto)
    #expect(throws: CallError.self) {
      try callee.receive(ByteBuffer(bytes: file.extraByteAfterRequest.requestDelimited.bytes + [0]))
    }
  }

  @Test("An answer to another call, of no kind, or of the wrong kind is refused")
  func foreignAnswers() throws {
    let recorded = try File.load().ok
    var other = UnaryCaller(protocolID: recorded.proto, callID: Array(repeating: 7, count: 16))
    let answer = ByteBuffer(bytes: try #require(recorded.responseDelimited).bytes)
    #expect(throws: CallError.self) { try other.receive(answer) }
    var waiting = caller(recorded)
    #expect(throws: CallError.self) { try waiting.receive(ByteBuffer(bytes: recorded.requestDelimited.bytes)) }
    var again = caller(recorded)
    let empty = PBRPCEnvelope.with {
      $0.callID = recorded.callId.data
      $0.response = .init()
    }
    #expect(throws: CallError.self) { try again.receive(try #require(UnaryEnvelope.frame(empty))) }
  }

  @Test("4 MiB is the limit of an envelope in both directions; an answer above becomes an error")
  func limits() throws {
    let recorded = try File.load().ok
    let overhead = try caller(recorded).request(Data()).readableBytes - 1
    let fits = Data(count: UnaryEnvelope.maximumLength - overhead - 6)
    #expect(try caller(recorded).request(fits).readableBytes <= UnaryEnvelope.maximumLength + 4)
    let tooLong = Data(count: UnaryEnvelope.maximumLength - overhead)
    let error = #expect(throws: CallError.self) { try caller(recorded).request(tooLong) }
    #expect(error?.kind == .tooLong)

    var callee = UnaryCallee(protocolID: recorded.proto)
    _ = try callee.receive(ByteBuffer(bytes: recorded.requestDelimited.bytes))
    let answer = callee.answer(.success(Data(count: UnaryEnvelope.maximumLength)))
    var waiting = caller(recorded)
    let told = #expect(throws: CallError.self) { try waiting.receive(answer) }
    #expect(told?.remoteText?.contains("too long") == true)
  }

  @Test("S4 a length above the limit is refused before its body is waited for")
  func lengthPrefix() throws {
    for prefix: [UInt8] in [
      Varint.encode(UInt64(UnaryEnvelope.maximumLength) + 1), Varint.encode(UInt64(Int64.max)),
      Array(repeating: 0xff, count: 10),
    ] {
      var callee = UnaryCallee(protocolID: "X.rpc_y")
      #expect(throws: CallError.self) { try callee.receive(ByteBuffer(bytes: prefix)) }
    }
  }

  @Test("An error is written as Python writes exceptions")
  func representation() {
    #expect(RPCError("unlucky", kind: "ValueError").description == "ValueError('unlucky')")
    #expect(RPCError("it's").description == "RuntimeError(\"it's\")")
    #expect(RPCError("it's \"so\"").description == "RuntimeError('it\\'s \"so\"')")
    #expect(RPCError("a\\b\n\u{1}é").description == "RuntimeError('a\\\\b\\n\\x01é')")
    #expect(RPCError(String(repeating: "x", count: 5000)).text.count == RPCError.maximumLength)
  }
}
