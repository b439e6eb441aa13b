import DevChain
import Foundation
import FoundationNetworking
import Testing

/// A daemon that starts before its chain does.
@Suite("A daemon and a chain that is not there yet", .serialized, .timeLimit(.minutes(5)))
struct ChainWaitTests {
  @Test("It waits, says so to operators, serves once the chain is there, and is told to stop meanwhile like any other")
  func waits() async throws {
    try await ManualSubnet.with { subnet in
      await subnet.chain.stop()
      let file = try await HosterProcess.configure(subnet, settings: "{backend: external, command: [/bin/cat]}")
      try await RunningProgram.with(["hoster", "--config", file]) { program in
        try await program.logs("the daemon waits")
        program.terminate()
        #expect(try await program.end() == 0, "\(program.errors)")
        #expect(program.output.isEmpty)
      }
      try await RunningProgram.with(["hoster", "--config", file]) { program in
        try await program.logs("the daemon waits")
        let operations = try #require(program.errors.firstMatch(of: /operations=(http:[^ \n]+)/)?.output.1)
        let (status, text) = try await Self.readiness(String(operations))
        #expect(status == 503 && text.contains("no endpoint answers"), "\(text)")
        var configuration = subnet.configuration
        configuration.port = subnet.chain.port
        let chain = try await DevChainServer.start(configuration, logger: ManualSubnet.quiet)
        #expect(try await program.address().contains("/p2p/\(subnet.hoster.id)"))
        program.terminate()
        #expect(try await program.end() == 0, "\(program.errors)")
        await chain.stop()
      }
    }
  }

  @Test("It ends with 69 when the time is over, and at once with 78 when the chain is another one")
  func ends() async throws {
    try await ManualSubnet.with { subnet in
      let file = try await HosterProcess.configure(subnet, settings: "{backend: external, command: [/bin/cat]}")
      let other = try await Program.run([
        "hoster", "--config", file, "--chain-genesis", "0x" + String(repeating: "ab", count: 32),
      ])
      #expect(other.status == 78 && !other.errors.contains("the daemon waits"), "\(other.errors)")
      await subnet.chain.stop()
      let nobody = try await Program.run(["hoster", "--config", file, "--chain-wait", "0 s"])
      #expect(nobody.status == 69 && nobody.errors.contains("[rpc.unreachable]"), "\(nobody.errors)")
    }
  }

  /// What `/readyz` says.
  private static func readiness(_ operations: String) async throws -> (Int, String) {
    let url = try #require(URL(string: "\(operations)/readyz"))
    let (data, response) = try await URLSession.shared.data(from: url)
    return ((response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: data, as: UTF8.self))
  }
}
