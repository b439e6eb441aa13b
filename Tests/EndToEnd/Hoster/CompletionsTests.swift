import Foundation
import Testing

/// The hoster daemon with a model server behind it, on a simulated chain.
@Suite("The hoster daemon with a model server", .serialized, .timeLimit(.minutes(5)))
struct CompletionsTests {
  /// A place in the time for commits, of 20 blocks.
  private static let committing: UInt64 = 5

  private static func settings(_ server: ModelServer, _ more: String) -> String {
    """
    {backend: completions, completions-url: "\(server.url)", completions-model: \(ModelServer.model), \
    max-new-tokens: 16, \(more)}
    """
  }

  @Test("D-22 the same RPC as with the built-in model; what the server does wrong ends one answer, and shows")
  func server() async throws {
    let key = "key-\(UInt64.random(in: .min ... .max))"
    try await ModelServer.with(key: key) { server in
      try await ManualSubnet.with { subnet in
        let file = "\(subnet.folder.path)/api.key"
        #expect(
          FileManager.default.createFile(
            atPath: file, contents: Data("\(key)\n".utf8), attributes: [.posixPermissions: 0o600]))
        let settings = Self.settings(server, "completions-key-file: \"\(file)\", stall-timeout: 5 s")
        try await HosterProcess.with(subnet, settings: settings) { hoster in
          try await hoster.waits(for: "the model server has the model", of: "workers")
          try await subnet.advance(to: Self.committing)
          try await hoster.waits(for: "kept", of: "duty")
          #expect(try await hoster.get("/readyz").status == 200)
          let asker = subnet.validators[0]
          let answer = ModelServer.tokens([1, 2, 3], count: 5)
          let (tokens, result) = try await subnet.ask(hoster.address, [1, 2, 3], as: asker)
          #expect(tokens == answer, "\(result.output) \(result.errors) \(hoster.program.errors)")

          let failures: [(ModelServer.Behaviour, String)] = [
            (.breaks, "inference.upstream]"), (.textAlone, "inference.no-token-ids]"),
            (.stalls, "inference.upstream-timeout]"),
          ]
          for (behaviour, code) in failures {
            server.behave(behaviour)
            let (tokens, result) = try await subnet.ask(hoster.address, [1, 2, 3], as: asker)
            #expect(result.status == 1 && result.errors.contains(code), "\(behaviour): \(result.errors)")
            #expect(tokens == Array(answer.prefix(1)))
          }

          server.behave(.fails)
          try await hoster.waits(for: "the model server answered 503", of: "workers")
          #expect(try await hoster.get("/readyz").status == 503)
          server.behave(.answers)
          try await hoster.waits(for: "the model server has the model", of: "workers")
          #expect(try await subnet.ask(hoster.address, [1, 2, 3], as: asker).tokens == answer)

          let doctor = try await Program.run([
            "doctor", "--role", "hoster", "--config", "\(subnet.folder.path)/hoster.yaml", "--format", "json",
          ])
          #expect(doctor.output.contains("serves \(ModelServer.model)"), "\(doctor.output)")
          for text in [hoster.program.errors, doctor.output, doctor.errors] { #expect(!text.contains(key)) }
        }
      }
    }
  }

  @Test("A server with text alone serves with the model's tokenizer, and says without it what is missing")
  func text() async throws {
    let tokenizer = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Vectors/model/tokenizers/bytes.json").standardized.path
    try await ModelServer.with(knowsTokens: false) { server in
      try await ManualSubnet.with { subnet in
        let settings = Self.settings(server, "completions-tokenizer: \"\(tokenizer)\"")
        try await HosterProcess.with(subnet, settings: settings) { hoster in
          try await hoster.waits(for: "the model server has the model", of: "workers")
          try await subnet.advance(to: Self.committing)
          try await hoster.waits(for: "kept", of: "duty")
          // "the" becomes "t", "h", "e", "t", "h".
          let (tokens, result) = try await subnet.ask(hoster.address, [258], as: subnet.validators[0])
          #expect(tokens == [84, 72, 69, 84, 72], "\(result.output) \(result.errors) \(hoster.program.errors)")
        }
      }
    }
    try await ModelServer.with { server in
      try await ManualSubnet.with { subnet in
        let settings = Self.settings(server, "completions-tokenizer: \"\(subnet.folder.path)/none.json\"")
        let file = try await HosterProcess.configure(subnet, settings: settings)
        for command in [["hoster"], ["config", "check", "--role", "hoster"]] {
          let refused = try await Program.run(command + ["--config", file])
          #expect(refused.status == 78 && refused.errors.contains("none.json"), "\(command): \(refused.errors)")
        }
      }
    }
  }

  @Test("An own answer that takes longer than the time for commits is missed as late, and explain says so afterwards")
  func late() async throws {
    try await ModelServer.with { server in
      server.behave(.stalls)
      try await ManualSubnet.with { subnet in
        let settings = Self.settings(server, "stall-timeout: 10 min")
        try await HosterProcess.with(subnet, settings: settings) { hoster in
          let epoch = try await subnet.advance(to: Self.committing)
          try await server.isAsked()
          try await subnet.advance(to: 12)
          try await hoster.waits(for: "epoch \(epoch), block 12", of: "subnet")
          server.behave(.answers)
          try await hoster.waits(for: "epoch \(epoch) missed: late", of: "duty")
          let story = try await Program.run(["explain", "--data", "\(subnet.folder.path)/data", "--epoch", "\(epoch)"])
          #expect(story.status == 0 && story.output.contains("late"), "\(story.output) \(story.errors)")
          // The next one is in time.
          let next = try await subnet.advance(to: Self.committing)
          try await hoster.waits(for: "epoch \(next) kept", of: "duty")
          let kept = try await Program.run(["explain", "--data", "\(subnet.folder.path)/data"])
          #expect(kept.output.contains("epoch \(next) "), "\(kept.output) \(kept.errors)")
          #expect(kept.output.contains("own answer: kept in block"), "\(kept.output)")
        }
      }
    }
  }

  @Test("A second SIGTERM ends the daemon at once, while an answer that is computed holds it up")
  func secondSignal() async throws {
    try await ModelServer.with { server in
      server.behave(.stalls)
      try await ManualSubnet.with { subnet in
        try await HosterProcess.with(subnet, settings: Self.settings(server, "stall-timeout: 10 min")) { hoster in
          try await subnet.advance(to: Self.committing)
          try await hoster.waits(for: "the model server has the model", of: "workers")
          try await RunningProgram.with(subnet.inference(hoster.address, [1], as: subnet.validators[0])) { call in
            try await call.writes("\n")
            hoster.program.terminate()
            try await hoster.program.logs("a second signal stops at once")
            hoster.program.terminate()
            #expect(try await hoster.program.end() == SIGTERM)
            #expect(!hoster.program.errors.contains(": stopped"), "\(hoster.program.errors)")
          }
        }
      }
    }
  }
}
