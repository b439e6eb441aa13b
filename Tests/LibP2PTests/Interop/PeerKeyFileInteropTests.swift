import Foundation
import Testing

@testable import LibP2P

@Suite("Key files that foreign peers load", .serialized, .timeLimit(.minutes(2)))
struct PeerKeyFileInteropTests {
  @Test(
    "p2pd loads a key written for the mesh and has its peer id",
    .enabled(if: InteropTier.has(.goLibP2P), "p2pd is not there"), arguments: KeyType.allCases)
  func mesh(_ type: KeyType) async throws { try await load(type, .mesh, .goLibP2P) }

  @Test(
    "py-libp2p loads a key written for the subnet and has its peer id",
    .enabled(if: InteropTier.has(.pyLibP2P), "py-libp2p is not there"), arguments: KeyType.allCases)
  func subnet(_ type: KeyType) async throws { try await load(type, .subnet, .pyLibP2P) }

  private func load(_ type: KeyType, _ dialect: PrivateKey.Dialect, _ kind: ForeignPeer.Kind) async throws {
    let path = NSTemporaryDirectory() + "validatord-key-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let key = try PrivateKey.generate(type)
    try PeerKeyFile.write(key, to: path, dialect: dialect)
    let script = kind == .goLibP2P ? "mesh/p2pd_peer.py" : "subnet/ref_host.py"
    try await ForeignPeer.running(kind, script, ["--port", "0", "--key", path]) { peer in
      let line = try #require(await peer.line("listening"))
      #expect(line["multiaddr"]?.text?.hasSuffix("/p2p/\(key.peerID)") == true)
    }
  }
}
