import Foundation
import LibP2P
import Testing

@Suite("The p2p commands", .serialized)
struct P2PCommandTests {
  /// A peer that is nowhere.
  private static let stranger = "12D3KooWN9BApNWoRZgpo362uqGtDARZaqBo8kfbdrBBGptH49fk"

  /// Runs `body` beside a listening program, which then has to end orderly; it gets the address and peer id.
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
    let ended = AsyncStream<Void> { continuation in
      process.terminationHandler = { _ in continuation.finish() }
    }
    try process.run()
    defer { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }
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
    process.terminate()
    for await _ in ended {}
    #expect(process.terminationReason == .exit && process.terminationStatus == 0)
  }

  private static func firstLine(of pipe: Pipe) async -> Data {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread {
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
      let unknown = try await Program.run(["p2p", "find", Self.stranger, "--bootstrap", bootstrap])
      #expect(unknown.status == 1)
      #expect(unknown.errors.contains("[kad.not-found]"))
    }
  }

  @Test(
    "What can't be reached ends with its own code",
    arguments: [
      ("/ip4/127.0.0.1/tcp/1", "host.connection-refused", 69), ("/dns4/nobody.invalid/tcp/1", "host.unresolved", 69),
      // TCP has no way to a broadcast address.
      ("/ip4/255.255.255.255/tcp/1", "host.unreachable", 69),
      ("/ip4/127.0.0.1/udp/1/quic-v1", "host.no-address", 64), ("/ip4/nonsense", "multiaddr.value", 64),
    ] as [(String, String, Int32)])
  func unreachable(_ address: String, _ code: String, _ status: Int32) async throws {
    let result = try await Program.run(["p2p", "ping", address])
    #expect(result.status == status)
    #expect(result.errors.contains("[\(code)]"), "\(result.errors)")
  }

  @Test("Another peer than named, and one without a common protocol, end with 76 and their codes")
  func wrongPeers() async throws {
    try await withListener { address, _ in
      let named = address.replacing(/\/p2p\/.*/, with: "/p2p/\(Self.stranger)")
      let mismatch = try await Program.run(["p2p", "ping", named])
      #expect(mismatch.status == 76)
      #expect(mismatch.errors.contains("[noise.peer-mismatch]"))
    }
    var configuration = HostConfiguration(identity: try PrivateKey.generate(.ed25519))
    configuration.listenAddresses = [try Multiaddr("/ip4/127.0.0.1/tcp/0")]
    let mute = try P2PHost(configuration)
    try await mute.start()
    let address = try #require(mute.listenAddresses.first).description
    for command in ["ping", "identify"] {
      let result = try await Program.run(["p2p", command, address])
      #expect(result.status == 76)
      #expect(result.errors.contains("[negotiation.unsupported]"), "\(result.errors)")
    }
    await mute.shutdown()
  }
}
