import Protocols

@testable import Validator

/// Waits for what a node says that it is until the test lets the node answer.
struct PatientCaller: ProbeCaller {
  let caller: any ProbeCaller

  func ask(
    _ peerID: String, _ probe: Tensor, maximumNewTokens: Int32, deadline: ContinuousClock.Instant
  ) async throws -> ProbeReply {
    try await caller.ask(peerID, probe, maximumNewTokens: maximumNewTokens, deadline: deadline)
  }

  func role(of peerID: String, timeout: Duration) async -> NodeRole? {
    await caller.role(of: peerID, timeout: .seconds(3600))
  }
}
