import Foundation
import LibP2P
import Protocols

/// What authorization adds to a message, beside one bare Ed25519 signature and one verification of it.
@main
enum AuthorizationCost {
  private static let rounds = 2_000

  static func main() async throws {
    let (client, servicer) = (try PrivateKey.generate(.ed25519), try PrivateKey.generate(.ed25519))
    let message = [UInt8](repeating: 7, count: 300)
    let signature = try client.sign(message)
    let sign = try await measure { _ = try client.sign(message) }
    let verify = try await measure { _ = client.publicKey.isValidSignature(signature, for: message) }
    print(row("bare Ed25519 sign", sign, sign), row("bare Ed25519 verify", verify, verify), separator: "\n")

    for size in [8, 65_536] {
      let asking = try await authorize(client, calling: servicer, as: .client)
      let answering = try await authorize(servicer, calling: client, as: .servicer)
      let request = InferenceRequestAuth.with { $0.tensor.buffer = Data(count: size) }
      var requests: [InferenceRequestAuth] = []
      let signing = try await measure { requests.append(try await asking.sign(request)) }
      // What was signed to warm up is verified to warm up.
      var next = requests.makeIterator()
      let verifying = try await measure { if let request = next.next() { try await answering.verify(request) } }
      let response = InferenceResponseAuth.with { $0.tensors = [PBTensor.with { $0.buffer = Data(count: size) }] }
      let answer = try await answering.sign(response)
      let answers = try await measure { _ = try await answering.sign(response) }
      let readings = try await measure { try await asking.verify(answer) }
      for (name, seconds, bare) in [
        ("request sign", signing, sign), ("request verify", verifying, verify), ("response sign", answers, sign),
        ("response verify", readings, verify),
      ] { print(row("\(name), \(size) B", seconds, bare)) }
    }
  }

  private static func authorize(
    _ identity: PrivateKey, calling peer: PrivateKey, as role: P2PContext.Role
  ) async throws -> any CallAuthorization {
    try await SignatureAuthorizer(MessageSigner(identity), memory: ReplayMemory()).authorize(
      P2PContext(handleName: "Cost.rpc_cost", localID: identity.peerID, remoteID: peer.peerID, role: role))
  }

  /// Seconds of one round, on average, after some to warm up.
  private static func measure(
    isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Void
  ) async throws -> Double {
    for _ in 0..<rounds / 10 { try await body() }
    let start = ContinuousClock.now
    for _ in 0..<rounds { try await body() }
    return (ContinuousClock.now - start) / .seconds(1) / Double(rounds)
  }

  private static func row(_ name: String, _ seconds: Double, _ bare: Double) -> String {
    String(
      format: "%@ %8.1f µs %8.0f /s   %.2f ×", name.padding(toLength: 26, withPad: " ", startingAt: 0),
      seconds * 1e6, 1 / seconds, seconds / bare)
  }
}
