import LibP2P
import Testing

@testable import validatord

@Suite("Addresses that stand on chain")
struct ChainAddressesTests {
  private static let text = "/ip4/192.0.2.1/tcp/4001/p2p/12D3KooWN9BApNWoRZgpo362uqGtDARZaqBo8kfbdrBBGptH49fk"

  @Test(
    "Binary as in generations B and C, and text as in A, are the same address",
    arguments: [text, "/dns4/a.example/tcp/1"])
  func read(_ text: String) throws {
    let address = try Multiaddr(text)
    #expect(ChainAddresses.address(address.bytes) == address)
    #expect(ChainAddresses.address(Array(text.utf8)) == address)
  }

  @Test(
    "Whatever else somebody has stored is left alone",
    arguments: [
      [], [0x04], [0x04, 127, 0, 0], [UInt8](repeating: 0xff, count: 64), Array("bootnode".utf8),
      Array("/ip4/192.0.2.1/tcp/99999".utf8), Array("\(text)\n".utf8), Array("/ip4/192.0.2.1 /tcp/1".utf8),
    ] as [[UInt8]])
  func rubbish(_ bytes: [UInt8]) { #expect(ChainAddresses.address(bytes) == nil) }
}
