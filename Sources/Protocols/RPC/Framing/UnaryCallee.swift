import Foundation
import LibP2P
import NIOCore
import SwiftProtobuf

/// The callee's side of a unary call (mesh-wire.md §2.2), as a value: one envelope in, one out.
struct UnaryCallee {
  private let protocolID: String
  private var decoder: FrameDecoder
  private var callID = Data()

  /// - Parameter maximumLength: the longest envelope taken, in bytes.
  init(protocolID: String, maximumLength: Int = UnaryEnvelope.maximumLength) {
    self.protocolID = protocolID
    decoder = FrameDecoder(maximumLength: maximumLength)
  }

  /// Takes bytes of the caller.
  ///
  /// - Returns: the request once it is whole.
  /// - Throws: ``CallError`` `rpc.malformed`: the stream is closed without an answer, as p2pd does.
  mutating func receive(_ bytes: ByteBuffer) throws(CallError) -> Data? {
    decoder.append(bytes)
    guard let envelope = try UnaryEnvelope.next(from: &decoder) else { return nil }
    guard case .request(let request)? = envelope.content, request.protocol == protocolID else {
      throw CallError(.malformed, "the envelope is no request for \(protocolID)")
    }
    guard decoder.takeRest().readableBytes == 0 else {
      throw CallError(.malformed, "bytes follow the request")
    }
    callID = envelope.callID
    return request.body
  }

  /// The bytes that answer the call. A response that does not fit becomes an error: the caller must not wait forever.
  func answer(_ result: Result<Data, RPCError>) -> ByteBuffer {
    switch result {
    case .success(let body):
      UnaryEnvelope.frame(envelope { $0.body = body })
        ?? answer(.failure(RPCError("the response of \(body.count) bytes is too long; use a stream")))
    case .failure(let error):
      UnaryEnvelope.frame(envelope { $0.error = Data(error.description.utf8) }) ?? ByteBuffer()
    }
  }

  private func envelope(_ fill: (inout PBRPCEnvelope.Response) -> Void) -> PBRPCEnvelope {
    .with {
      $0.callID = callID
      fill(&$0.response)
    }
  }
}
