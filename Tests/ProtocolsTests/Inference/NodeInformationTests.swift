import Foundation
import LibP2P
import Testing

@testable import Protocols

@Suite("What nodes say of themselves")
struct NodeInformationTests {
  private struct Vectors: Decodable {
    struct Info: Decodable {
      let msgpackHex: Hexadecimal
    }
    let rpcInfo: Info
  }

  @Test("P-67 P-83 the published answer is read, and written byte for byte")
  func vector() throws {
    let bytes = try MeshVectors.load("dht.json", as: Vectors.self).rpcInfo.msgpackHex.bytes
    let information = try NodeInformation(NodeData.with { $0.serializedInfo = Data(bytes) })
    #expect(
      information
        == NodeInformation(version: "1.2.0.dev0", isDHTClient: false, role: NodeRole(rawValue: "server")))
    #expect(Array(information.message.serializedInfo) == bytes)
    #expect(NodeRole.hoster.rawValue == "hoster" && NodeRole.validator.rawValue == "validator")
  }

  @Test(
    "P-83 an answer that is none is refused",
    arguments: [[], [0xc0], [0x80], Array(repeating: 0x91, count: 100), Array(repeating: 0, count: 5000)] as [[UInt8]])
  func refused(_ bytes: [UInt8]) {
    #expect { try NodeInformation(NodeData.with { $0.serializedInfo = Data(bytes) }) } throws: {
      ($0 as? CallError)?.kind == .undecodable
    }
  }

  @Test("P-80 a key's text and an owner's subkey give the peer", arguments: ["ed25519_a", "rsa_a"])
  func owners(_ name: String) throws {
    let identity = try MeshVectors.identity(name)
    let text = try #require(identity.publicKey.openSSH)
    #expect(try PeerID(openSSH: text) == identity.peerID)
    #expect(try PeerID(openSSH: text + " a comment") == identity.peerID)
    #expect(try PeerID(ownerSubkey: "\(identity.peerID)[owner:\(text)]") == identity.peerID)
    #expect(identity.peerID.description.hasPrefix(name.hasPrefix("rsa") ? "Qm" : "12D3Koo"))
  }

  @Test("P-80 the published record's subkey names its owner")
  func publishedSubkey() throws {
    struct Records: Decodable {
      struct Record: Decodable {
        let signer: String
        let subkey: String
      }
      let signedRecords: [Record]
    }
    for record in try MeshVectors.load("dht.json", as: Records.self).signedRecords {
      #expect(try PeerID(ownerSubkey: record.subkey) == MeshVectors.identity(record.signer).peerID)
    }
  }

  @Test(
    "P-80 what names no owner, or two, is refused",
    arguments: ["", "peer", "[owner:]", "[owner:ssh-rsa AAAA]", "[owner:a][owner:b]", "ssh-ed25519 AAAA"])
  func refused(_ text: String) {
    #expect(throws: Refusal.self) { try PeerID(ownerSubkey: text) }
    #expect(throws: Refusal.self) { try PeerID(openSSH: text) }
  }
}
