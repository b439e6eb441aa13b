import Foundation
import NIOCore
import Testing

@testable import LibP2P

/// The example for Swift in docs/control-socket.md, as it stands there, and the figures of the page.
@Suite("The page about the control socket")
struct ControlDocumentationTests {
  private static let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs/control-socket.md")

  @Test("The example for Swift")
  func example() async throws {
    try await ControlPair.with { pair in
      let peer = pair.peer.peerID
      try await ControlPair.withControl(of: pair.peer) { client in
        try await client.addUnaryHandler("Example.rpc_reverse", balanced: true) { call in
          ByteBuffer(string: String(String(buffer: call.body).reversed()))
        }
        try await client.addStreamHandler("Example.rpc_repeat") { stream in
          while let bytes = try await stream.read() { try await stream.write(bytes) }
        }
        try await callAsDocumented(try await pair.client(), peer)
      }
    }
  }

  private func callAsDocumented(_ client: ControlClient, _ peer: PeerID) async throws {
    let answer = try await client.call(peer, "Example.rpc_reverse", ByteBuffer(string: "stressed"))
    let stream = try await client.openStream(to: peer, ["Example.rpc_repeat"])
    try await stream.write(ByteBuffer(string: "again"))
    let echo = try await stream.read(exactly: 5)
    stream.close()
    #expect(String(buffer: answer) == "desserts")
    #expect(String(buffer: echo) == "again")
  }

  @Test("The page shows the code of this test")
  func sameCode() throws {
    let page = try String(contentsOf: Self.page, encoding: .utf8)
    let block = try #require(page.components(separatedBy: "```swift\n").dropFirst().first)
    let source = try String(contentsOf: URL(filePath: #filePath), encoding: .utf8)
    let own = Set(source.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) })
    let lines = block.components(separatedBy: "```")[0].split(separator: "\n")
      .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.contains("ControlClient.connect") }
    #expect(lines.count > 8)
    for line in lines { #expect(own.contains(line), "\(line)") }
  }

  @Test("The limits that the page names are those of the code")
  func limits() throws {
    let page = try String(contentsOf: Self.page, encoding: .utf8)
    let limits = ControlLimits()
    let documented = [
      "connections in all, those that carry streams included": "\(limits.connections)",
      "connections of one process": "\(limits.connectionsPerClient)",
      "handlers of one process": "\(limits.handlersPerClient)",
      "unary calls of one connection under way, in each direction": "\(limits.callsPerClient)",
      "bytes of the requests of one connection's calls": "\(limits.callBytesPerClient >> 20) MiB",
      "one message of a unary call": "\(limits.messageLength >> 20) MiB",
      "one request": "\(limits.requestLength >> 10) KiB",
      "bytes queued for one connection": "\(limits.queuedBytes >> 20) MiB",
      "time in which a worker must take some of what is queued": "\(limits.stallTime.components.seconds) s",
      "time for a stream or a connection to a peer, unless the request names one":
        "\(limits.dialTime.components.seconds) s",
    ]
    for (name, value) in documented { #expect(page.contains("| \(name) | \(value) |"), "\(name) is \(value)") }
  }
}
