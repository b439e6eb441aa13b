import LibP2P
import NIOCore
import Testing

@testable import Protocols

@Suite("API requests")
struct ApiRequestTests {
  /// Feeds `bytes` in pieces of `size`.
  private func read(_ bytes: [UInt8], by size: Int = .max) throws(ApiError) -> ApiRequest? {
    var reader = ApiRequestReader()
    var rest = bytes[...]
    repeat {
      let piece = rest.prefix(size)
      rest = rest.dropFirst(piece.count)
      if let request = try reader.receive(ByteBuffer(bytes: piece)) { return request }
    } while !rest.isEmpty
    return nil
  }

  private func vectors() throws -> [ApiVectors.Requests.Request] {
    try ApiVectors.read("api_protocol", as: ApiVectors.Requests.self).requests
  }

  @Test("A-19 the protocol's id is the published one")
  func protocolID() throws {
    #expect(
      try ApiVectors.read("api_protocol", as: ApiVectors.Requests.self).protocol_id == ApiVersion.plain.protocolID)
  }

  @Test("A-20 every recorded request is read, whole and in pieces of two bytes, and written alike")
  func golden() throws {
    let vectors = try vectors()
    #expect(vectors.count == 8)
    for vector in vectors {
      let bytes = ApiVectors.bytes(hex: vector.framed_hex)
      let type: ApiRequest.ResponseType =
        switch vector.response_type {
        case 0: .unary
        case 1: .stream
        default: .unknown(vector.response_type)
        }
      let expected = ApiRequest(
        route: vector.route, method: vector.method, headers: vector.headers,
        body: ByteBuffer(bytes: ApiVectors.bytes(hex: vector.body_hex)), responseType: type)
      for size in [1, 2, 3, bytes.count] { #expect(try read(bytes, by: size) == expected, "\(vector.name)") }
      #expect(try [UInt8](buffer: expected.frame()) == bytes, "\(vector.name)")
    }
  }

  @Test("What comes behind the request is ignored")
  func trailingBytes() throws {
    for vector in try vectors() {
      #expect(try read(ApiVectors.bytes(hex: vector.framed_hex) + [1, 2, 3])?.route == vector.route)
    }
  }

  @Test("A-25 a longer frame is refused by its length alone")
  func frameLimit() throws {
    let expected = ApiError(.tooLong, "API request frame exceeded maximum 1048576 bytes")
    #expect(throws: expected) { try read([0x81, 0x80, 0x40]) }
    #expect(throws: expected) { try read([UInt8](repeating: 0xff, count: 9) + [0x01]) }
    #expect(throws: expected) { try read([UInt8](repeating: 0xff, count: 9) + [0x7f]) }
    #expect(try read([0x80, 0x80, 0x40]) == nil)
    #expect(throws: expected) {
      try ApiRequest(route: "r", body: ByteBuffer(repeating: 0, count: 1 << 20)).frame()
    }
  }

  @Test("A-27 S4 a varint longer than ten bytes, or padded, is refused")
  func longPrefix() throws {
    #expect(throws: ApiError(.frame, "Frame length prefix exceeded maximum varint size")) {
      try read([UInt8](repeating: 0x80, count: 11))
    }
    #expect(try read([UInt8](repeating: 0x80, count: 9)) == nil)
    #expect(throws: ApiError(.frame, "Frame length prefix is padded with zeros")) { try read([0x81, 0x00]) }
  }

  @Test("A stream that ends early says where")
  func truncation() throws {
    var reader = ApiRequestReader()
    #expect(reader.truncation.reason == "Stream closed while reading frame length")
    #expect(try reader.receive(ByteBuffer(bytes: [13, 10, 6])) == nil)
    #expect(reader.truncation.reason == "Stream closed while reading 13 byte frame")
  }

  @Test(
    "What is not a message is refused", arguments: [[0xff, 0xff], [0x0a, 0x05, 0x61], [0x0a, 0x01, 0xff], [0x13]])
  func malformed(message: [UInt8]) throws {
    #expect(throws: ApiError(.malformed, "Error parsing message")) { try read([UInt8(message.count)] + message) }
  }

  @Test("S4 a request of more headers than any has is refused before they are kept")
  func headerFlood() throws {
    func message(_ headers: Int) throws -> [UInt8] {
      let headers = Dictionary(uniqueKeysWithValues: (0..<headers).map { ("\($0)", "") })
      return try [UInt8](buffer: ApiRequest(route: "r", method: "GET", headers: headers).frame())
    }
    #expect(try read(message(ApiRequest.maximumFields - 2))?.headers.count == ApiRequest.maximumFields - 2)
    #expect(throws: ApiError(.malformed, "Error parsing message")) { try read(message(ApiRequest.maximumFields - 1)) }
    // Empty headers, two bytes each.
    let flood = Array(repeating: [0x1a, 0x00] as [UInt8], count: 100_000).flatMap(\.self)
    #expect(throws: ApiError(.malformed, "Error parsing message")) {
      try read(Varint.encode(UInt64(flood.count)) + flood)
    }
  }

  @Test(
    "A deadline survives, in whole milliseconds, never as none and never beyond reason",
    arguments: [
      (Duration.milliseconds(1_500), Duration.milliseconds(1_500)), (.nanoseconds(1), .milliseconds(1)),
      (.milliseconds(1 << 40), .milliseconds(1 << 40)), (.seconds(Int64.max), .milliseconds(1 << 40)),
    ])
  func deadline(given: Duration, read: Duration) throws {
    let frame = try ApiRequest(route: "r", deadline: given).frame()
    #expect(try self.read([UInt8](buffer: frame))?.deadline == read)
  }

  @Test("The longest deadline on the wire is taken for the longest believed")
  func hostileDeadline() throws {
    let message: [UInt8] = [0x30] + [UInt8](repeating: 0xff, count: 9) + [0x01]
    #expect(try read([UInt8(message.count)] + message)?.deadline == .milliseconds(1 << 40))
  }
}
