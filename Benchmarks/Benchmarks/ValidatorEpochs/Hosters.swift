import LibP2P
import MeasuredNode
import NIOCore
import Protocols

/// Hosters of one in-process network, each with an identity and a gate of its own, and the validator that calls them.
struct Hosters: Sendable {
  let peers: [PeerID]
  let caller: any Calling
  private let network = InProcessNetwork()

  /// - Parameters:
  ///   - count: hosters, which come behind the validators in ``peers``.
  ///   - validators: peers that say that they are validators, the calling one first.
  ///   - time: by which nonces are forgotten.
  init(_ count: Int, validators: Int, time: @escaping @Sendable () -> NIODeadline = { .now() }) throws {
    var peers: [PeerID] = []
    var caller: Caller?
    for index in 0..<validators + count {
      let identity = try PrivateKey.generate(.ed25519)
      let node = network.join(as: identity.peerID)
      let gate = Gate(
        stake: Everybody(),
        authorizer: ProofOfStakeAuthorizer(
          try MessageSigner(identity), memory: ReplayMemory(now: time), stake: Everybody()))
      try Hoster(role: index < validators ? .validator : .hoster).addP2PHandlers(
        to: node, gate: gate, configuration: Self.quiet)
      if caller == nil { caller = Caller(node: node, gate: gate) }
      peers.append(identity.peerID)
    }
    guard let caller else { throw ValidatorEpochs.Failure("a validator is needed to call") }
    self.peers = peers
    self.caller = caller
  }

  static var quiet: RPCConfiguration {
    var configuration = RPCConfiguration()
    configuration.logger = ValidatorEpochs.logger
    return configuration
  }

  private struct Caller: Calling {
    let node: any P2P
    let gate: Gate

    func stub(of peer: PeerID) -> Stub<InferenceProtocol> {
      InferenceProtocol.getServerStub(node, peer, gate: gate, configuration: Hosters.quiet)
    }
  }
}

/// The procedures of a peer, called with the validator's identity.
protocol Calling: Sendable {
  func stub(of peer: PeerID) -> Stub<InferenceProtocol>
}

/// Continues every prompt in the same way.
private struct Hoster: Servicer, InferenceProcedures {
  static let className = "InferenceProtocol"
  let role: NodeRole

  var handlers: [RPCHandler] {
    [
      Self.rpcInfo.handler { [role] _, _ in NodeInformation(version: "1", role: role).message },
      Self.rpcInferenceStream.handler { request, _, writer in
        for token in 0..<Int64(request.maxNewTokens) {
          let tensor = try Tensor([token]).message()
          try await writer.write(
            InferenceResponseAuth.with {
              $0.tensors = [tensor]
              $0.output = "\(token)"
            })
        }
      },
    ]
  }
}
