import Foundation
import LibP2P
import Protocols
import Testing

/// What subnets use procedures for, each with one of its own, between peers that have stake and sign.
@Suite("The uses that the protocols are for", .timeLimit(.minutes(1)))
struct ListedUsesTests {
  private struct Subnet: Servicer {
    static let rpcSubmit = RPC<InferenceRequestAuth, InferenceResponseAuth>.serverStream("rpc_submit")
    static let rpcScores = RPC<FindRequest, FindResponse>.unary("rpc_scores")
    static let rpcNotify = RPC<StoreRequest, StoreResponse>.unary("rpc_notify")
    static let rpcVerify = RPC<PingRequest, PingResponse>.unary("rpc_verify")
    static let rpcData = RPC<Empty, NodeData>.unary("rpc_data")

    let scores: [Data: Data]
    let events: Events

    var handlers: [RPCHandler] {
      [
        Self.rpcSubmit.handler { request, _, responses in
          for word in request.input.split(separator: " ") { try await responses.write(.with { $0.output = "\(word)" }) }
        },
        Self.rpcScores.handler { request, _ in
          .with { $0.results = request.keys.map { key in .with { $0.value = scores[key] ?? Data() } } }
        },
        Self.rpcNotify.handler { request, context in
          for value in request.values { events.post("\(context.remoteID): \(String(decoding: value, as: UTF8.self))") }
          return .with { $0.storeOk = request.values.map { _ in true } }
        },
        Self.rpcVerify.handler { request, _ in .with { ($0.peer, $0.available) = (request.peer, true) } },
        Self.rpcData.handler { _, _ in .with { $0.serializedInfo = Data([0x80]) } },
      ]
    }
  }

  @Test(
    "P-10 P-29 jobs are submitted, scores fetched, peers notified, verified and asked for data, without anybody's help")
  func uses() async throws {
    let keys = try (0..<2).map { _ in try PrivateKey.generate(.ed25519) }
    let stakes = TableStakes(staked: keys.map(\.peerID))
    let network = InProcessNetwork()
    func gate(_ key: PrivateKey) throws -> Gate {
      Gate(
        stake: stakes,
        authorizer: ProofOfStakeAuthorizer(try MessageSigner(key), memory: ReplayMemory(), stake: stakes))
    }
    let events = Events()
    let hoster = network.join(as: keys[0].peerID)
    try Subnet(scores: [Data("epoch 7".utf8): Data([97])], events: events)
      .addP2PHandlers(to: hoster, gate: try gate(keys[0]))
    let stub = Subnet.getServerStub(network.join(as: keys[1].peerID), hoster.peerID, gate: try gate(keys[1]))

    var words: [String] = []
    for try await response in try await stub.rpcSubmit(.with { $0.input = "one two three" }) {
      words.append(response.output)
    }
    #expect(words == ["one", "two", "three"])
    let found = try await stub.rpcScores(.with { $0.keys = [Data("epoch 7".utf8), Data("epoch 8".utf8)] })
    #expect(found.results.map(\.value) == [Data([97]), Data()])
    #expect(try await stub.rpcNotify(.with { $0.values = [Data("new model".utf8)] }).storeOk == [true])
    #expect(events.count("\(keys[1].peerID): new model") == 1)
    #expect(try await stub.rpcVerify(.with { $0.peer.nodeID = Data([1]) }).peer.nodeID == Data([1]))
    #expect(try await stub.rpcData(Empty()).serializedInfo == Data([0x80]))
  }
}
