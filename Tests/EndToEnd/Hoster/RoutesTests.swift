import Foundation
import Testing

/// The API protocol of a daemon, on a simulated chain.
@Suite("A daemon with a routes file", .serialized, .timeLimit(.minutes(5)))
struct RoutesTests {
  @Test("A-1 A-7 A-29 staked peers reach its servers; of a file that breaks the last good version stays, and shows")
  func routes() async throws {
    try await ModelServer.with { server in
      try await ManualSubnet.with { subnet in
        let file = URL(filePath: "\(subnet.folder.path)/routes.json")
        try Data(ForeignCallers.routes(server).utf8).write(to: file)
        let settings = "{backend: external, command: [/bin/cat]}\napi: {routes: routes.json}"
        try await HosterProcess.with(subnet, settings: settings) { hoster in
          func call(_ route: String, _ peer: ManualSubnet.Peer) async throws -> Program.Result {
            try await Program.run(["api", "call", hoster.address, route] + subnet.identity(peer))
          }
          try await subnet.advance(to: 5)
          #expect(try await hoster.part("api").hasPrefix("2 routes"))
          let served = try await call("health", subnet.validators[0])
          #expect(served.status == 0 && served.output.contains(#"{"ok":true}"#), "\(served.output) \(served.errors)")
          let refused = try await call("health", subnet.stranger)
          #expect(refused.status != 0 && !refused.output.contains("true"), "\(refused.output)")

          try Data(#"{"other": "\#(server.base)/health"}"#.utf8).write(to: file)
          try await hoster.waits(for: "1 route,", of: "api")
          #expect(try await call("other", subnet.validators[0]).output.contains(#"{"ok":true}"#))
          #expect(try await call("health", subnet.validators[0]).status == 1)

          try Data("{".utf8).write(to: file)
          try await hoster.waits(for: ";", of: "api")
          #expect(try await hoster.get("/healthz").text.contains("impaired"))
          #expect(try await call("other", subnet.validators[0]).output.contains(#"{"ok":true}"#))
        }
        try FileManager.default.removeItem(at: file)
        let without = try await Program.run(["hoster", "--config", "\(subnet.folder.path)/hoster.yaml"])
        #expect(without.status == 69 && without.errors.contains("[routes.unreadable]"), "\(without.errors)")
      }
    }
  }
}
