import Foundation
import LibP2P
import NIOCore
import SwiftProtobuf

/// The caller's side of a unary call (mesh-wire.md §2.2), as a value: one envelope out, one back.
///
/// The write side of the stream stays open until the answer is there: anything more, even an end, cancels the call.
struct UnaryCaller {
  private let protocolID: String
  private let callID: Data
  private var decoder = FrameDecoder(maximumLength: UnaryEnvelope.maximumLength)

  /// - Parameter callID: 16 random bytes: p2pd tells the calls of all its peers apart by them.
  init(protocolID: String, callID: [UInt8]) {
    self.protocolID = protocolID
    self.callID = Data(callID)
  }

  /// The bytes that make the call.
  ///
  /// - Throws: ``CallError`` `rpc.too-long`.
  func request(_ body: Data) throws(CallError) -> ByteBuffer {
    let envelope = PBRPCEnvelope.with {
      $0.callID = callID
      // The callee goes by the connection; the field has to be there all the same.
      $0.request = .with { ($0.peer, $0.protocol, $0.body) = (Data(), protocolID, body) }
    }
    guard let frame = UnaryEnvelope.frame(envelope) else {
      throw CallError(.tooLong, "the request of \(body.count) bytes does not fit an envelope")
    }
    return frame
  }

  /// Takes bytes of the callee.
  ///
  /// - Returns: the response once it is whole.
  /// - Throws: ``CallError`` `rpc.remote` with the callee's text, `rpc.malformed`.
  mutating func receive(_ bytes: ByteBuffer) throws(CallError) -> Data? {
    decoder.append(bytes)
    guard let envelope = try UnaryEnvelope.next(from: &decoder) else { return nil }
    guard envelope.callID == callID, case .response(let response)? = envelope.content else {
      throw CallError(.malformed, "the answer belongs to another call")
    }
    switch response.result {
    case .body(let body): return body
    case .error(let text): throw CallError(remote: text)
    case nil: throw CallError(.malformed, "the answer holds neither a response nor an error")
    }
  }
}
