import Protocols

extension RollRequest: AuthorizedRequest {}
extension Roll: AuthorizedResponse {}

/// Throws dice for its peers.
struct Dice: Servicer {
  static let rpcRoll = RPC<RollRequest, Roll>.unary("rpc_roll")
  static let rpcRollMany = RPC<RollRequest, Roll>.serverStream("rpc_roll_many")

  var handlers: [RPCHandler] {
    [
      Self.rpcRoll.handler(roll),
      Self.rpcRollMany.handler(rollMany),
    ]
  }

  private func roll(_ request: RollRequest, _ context: P2PContext) async throws -> Roll {
    guard request.sides > 0 else { throw RPCError("a die has sides", kind: "ValueError") }
    return .with { $0.value = .random(in: 1...request.sides) }
  }

  private func rollMany(
    _ request: RollRequest, _ context: P2PContext, _ responses: MessageWriter<Roll>
  ) async throws {
    for _ in 0..<request.times { try await responses.write(try await roll(request, context)) }
  }
}

extension Stub<Dice> {
  /// A throw of one die; nil if the peer gives none.
  func callRoll(sides: UInt32) async -> UInt32? {
    await self.rpcRoll.quietly(.with { $0.sides = sides })?.value
  }

  /// Throws as they come; they end early if the peer fails.
  func callRollMany(sides: UInt32, times: UInt32) -> some AsyncSequence<Roll, Never> {
    self.rpcRollMany.quietly(
      .with {
        $0.sides = sides
        $0.times = times
      })
  }
}
