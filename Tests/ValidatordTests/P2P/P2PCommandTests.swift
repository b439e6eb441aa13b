import Foundation
import Testing

@Suite("The p2p commands", .serialized)
struct P2PCommandTests {
  /// Runs `body` beside a listening program; it gets the address and peer id.
  private func withListener(
    _ arguments: [String] = [], _ body: (_ address: String, _ peer: String) async throws -> Void
  ) async throws {
    let process = Process()
    process.executableURL = URL(filePath: Program.executable)
    process.arguments =
      ["p2p", "listen", "--address", "/ip4/127.0.0.1/tcp/0", "--format", "json"] + arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    defer { kill(process.processIdentifier, SIGKILL) }
    struct Line: Decodable {
      var event: String
      var peer: String
      var addresses: [String]
    }
    let line = try JSONDecoder().decode(Line.self, from: await Self.firstLine(of: output))
    #expect(line.event == "listening")
    let address = try #require(line.addresses.first)
    #expect(address.hasSuffix("/p2p/\(line.peer)"))
    try await body(address, line.peer)
  }

  private static func firstLine(of pipe: Pipe) async -> Data {
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        var text = Data()
        while !text.contains(UInt8(ascii: "\n")) {
          let piece = pipe.fileHandleForReading.availableData
          if piece.isEmpty { break }
          text += piece
        }
        continuation.resume(returning: text)
      }
    }
  }

  @Test("ping and identify tell of a listening peer, as a table and as JSON")
  func pingAndIdentify() async throws {
    try await withListener(["--echo"]) { address, peer in
      let ping = try await Program.run(["p2p", "ping", address, "--count", "3", "--format", "json"])
      #expect(ping.status == 0, "\(ping.errors)")
      struct Ping: Decodable {
        var peer: String
        var pings: Int
        var minMs: Double
        var maxMs: Double
      }
      let answer = try JSONDecoder().decode(Ping.self, from: Data(ping.output.utf8))
      #expect(answer.peer == peer)
      #expect(answer.pings == 3)
      #expect(answer.minMs > 0 && answer.minMs <= answer.maxMs)

      let identify = try await Program.run(["p2p", "identify", address])
      #expect(identify.status == 0, "\(identify.errors)")
      #expect(identify.output.contains("validatord/"))
      #expect(identify.output.contains("/echo/1.0.0"))
      #expect(!identify.output.contains("/blast/1.0.0"))
    }
  }

  @Test("find asks the bootstrap peer for a third one, and says when nobody knows it")
  func find() async throws {
    try await withListener { bootstrap, _ in
      try await withListener(["--bootstrap", bootstrap]) { address, peer in
        var found = try await Program.run(["p2p", "find", peer, "--bootstrap", bootstrap, "--format", "json"])
        for _ in 0..<20 where found.status != 0 {
          // The bootstrap peer has to have asked the other one who it is.
          try await Task.sleep(for: .milliseconds(100))
          found = try await Program.run(["p2p", "find", peer, "--bootstrap", bootstrap, "--format", "json"])
        }
        #expect(found.status == 0, "\(found.errors)")
        struct Found: Decodable {
          var addresses: [String]
        }
        let answer = try JSONDecoder().decode(Found.self, from: Data(found.output.utf8))
        #expect(answer.addresses.contains { address.hasPrefix($0) })
      }
      let nobody = "12D3KooWN9BApNWoRZgpo362uqGtDARZaqBo8kfbdrBBGptH49fk"
      let unknown = try await Program.run(["p2p", "find", nobody, "--bootstrap", bootstrap])
      #expect(unknown.status == 1)
      #expect(unknown.errors.contains("not-found"))
    }
  }

  @Test("Unreachable ends with 69, another peer than named with 1, nonsense with 64, each with a stable code")
  func failures() async throws {
    let unreachable = try await Program.run(["p2p", "ping", "/ip4/127.0.0.1/tcp/1"])
    #expect(unreachable.status == 69)
    #expect(unreachable.errors.contains("[host.unreachable]"))
    let usage = try await Program.run(["p2p", "ping", "/ip4/nonsense"])
    #expect(usage.status == 64)
    #expect(usage.errors.contains("multiaddr.value"))
    try await withListener { address, _ in
      let other = "12D3KooWN9BApNWoRZgpo362uqGtDARZaqBo8kfbdrBBGptH49fk"
      let named = address.replacing(/\/p2p\/.*/, with: "/p2p/\(other)")
      let mismatch = try await Program.run(["p2p", "ping", named])
      #expect(mismatch.status == 1)
      #expect(mismatch.errors.contains("[noise.peer-mismatch]"))
    }
  }
}
