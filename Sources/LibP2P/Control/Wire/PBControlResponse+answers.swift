import Foundation

/// The answers to requests.
extension PBControlResponse {
  /// Done; `fill` adds what there is to tell.
  static func ok(_ fill: (inout PBControlResponse) -> Void = { _ in }) -> PBControlResponse {
    .with {
      $0.kind = .ok
      fill(&$0)
    }
  }

  /// Not done, and why.
  static func failure(_ text: String) -> PBControlResponse {
    .with {
      $0.kind = .error
      $0.error = .with { $0.message = text }
    }
  }
}

extension PBControlStreamInfo {
  /// What a stream is, for the client that gets its bytes.
  init(_ stream: P2PStream) {
    self.init()
    peer = Data(stream.peer.bytes)
    address = Data(stream.connection.remoteAddress.bytes)
    `protocol` = stream.protocolID
  }

  /// A stream that the node opens itself, which comes from its control socket.
  init(ownStream name: String, of caller: PeerID, at path: String) {
    self.init()
    peer = Data(caller.bytes)
    address = (try? Multiaddr([.unix(path)])).map { Data($0.bytes) } ?? Data()
    `protocol` = name
  }
}
