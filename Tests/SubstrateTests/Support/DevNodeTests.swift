import Foundation
import Testing

/// The development node is a part of other tests' set-up, so its own promises are held here.
@Suite("Development node", .serialized, .timeLimit(.minutes(5)))
struct DevNodeTests {
  @Test(
    "it serves the recorded subnet of each generation and builds blocks",
    arguments: RecordedChain.allCases.filter(InteropEnvironment.hasSpec(of:)))
  func serves(_ chain: RecordedChain) async throws {
    let start = try #require(try DevNode.summary(of: chain)["clock"]["block"].integer)
    try await DevNode.with(chain) { node in
      let hash = try await node.newBlocks(2)
      let header = try await node.rpc("chain_getHeader", [hash])
      #expect(header["number"].text == "0x" + String(start + 2, radix: 16))
    }
  }

  @Test("its process is gone after a failure", .enabled(if: InteropEnvironment.hasSpec))
  func endsAfterFailure() async throws {
    var identifier: Int32 = 0
    await #expect(throws: CancellationError.self) {
      try await DevNode.with { node in
        identifier = node.processIdentifier
        #expect(kill(identifier, 0) == 0)
        throw CancellationError()
      }
    }
    #expect(kill(identifier, 0) == -1)
  }

  @Test("a stopped node comes back under its old port", .enabled(if: InteropEnvironment.hasSpec))
  func restarts() async throws {
    let port = try await DevNode.with { node in
      await node.stop()
      await #expect(throws: (any Error).self) { try await node.rpc("system_chain") }
      return node.port
    }
    try await DevNode.with(port: port) { node in
      #expect(node.port == port)
      try await node.newBlocks()
    }
  }
}
