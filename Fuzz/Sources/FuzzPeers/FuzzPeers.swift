import Fuzzing

@testable import LibP2P

/// Peer ids, keys, key files and addresses, as a peer sends them or somebody typed them. The first byte chooses the
/// reader. What is taken must come back unchanged.
@main
struct FuzzPeers: FuzzTarget {
  func seeds() throws -> [[UInt8]] {
    let mesh = "mesh/keys.json"
    let (publicKeys, files, ids) = try (
      Vectors.hex("libp2p_public_key_pb_hex", in: mesh), Vectors.hex("identity_file_hex", in: mesh),
      Vectors.hex("peer_id_hex", in: mesh)
    )
    let texts =
      try Vectors.texts("peer_id_base58", in: mesh).map { "i" + $0 }
      + Vectors.texts("openssh_public_key", in: mesh).map { "o" + $0 }
    let addresses = [
      "/ip4/127.0.0.1/tcp/4001", "/ip6/2001:db8::1/udp/1/quic-v1", "/dns4/a.example/tcp/443/wss", "/unix/run/x.sock",
      "/dnsaddr/a.b", "/ip4/1.2.3.4/tcp/1/p2p/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N/p2p-circuit",
    ]
    return try publicKeys.map { Array("k".utf8) + $0 } + files.map { Array("f".utf8) + $0 }
      + ids.map { Array("I".utf8) + $0 } + texts.map { Array($0.utf8) }
      + addresses.map { Array("a".utf8) + Array($0.utf8) } + addresses.map { try Array("A".utf8) + Multiaddr($0).bytes }
  }

  func take(_ input: [UInt8]) {
    guard let kind = input.first else { return }
    let bytes = Array(input.dropFirst())
    let text = String(decoding: bytes, as: UTF8.self)
    switch Unicode.Scalar(kind) {
    case "a": if let address = try? Multiaddr(text) { check(address) }
    case "A":
      if let address = try? Multiaddr(bytes: bytes) {
        promise(address.bytes == bytes, "an address has two binary forms")
        check(address)
      }
    case "i": if let peer = try? PeerID(text) { check(peer) }
    case "I":
      if let peer = try? PeerID(bytes: bytes) {
        promise(peer.bytes == bytes, "a peer id has two binary forms")
        check(peer)
      }
    case "k":
      if let key = try? PublicKey(protobuf: bytes) {
        promise(key.protobuf == bytes, "a public key has two encodings")
        promise(!key.isValidSignature(bytes, for: bytes), "a key signs for itself")
      }
    case "f":
      if let key = try? PrivateKey(protobuf: bytes) {
        for dialect in PrivateKey.Dialect.allCases {
          let again = try? PrivateKey(protobuf: key.protobuf(for: dialect))
          promise(again?.publicKey == key.publicKey, "a private key changes when it is written and read")
        }
      }
    case "o":
      if let key = try? PublicKey(openSSH: text), let written = key.openSSH {
        promise((try? PublicKey(openSSH: written)) == key, "a key changes when it is written for OpenSSH")
      }
    default: break
    }
  }

  private func check(_ address: Multiaddr) {
    promise((try? Multiaddr(address.description)) == address, "an address changes as text: \(address)")
    promise((try? Multiaddr(bytes: address.bytes)) == address, "an address changes in its binary form: \(address)")
    _ = address.tcpEndpoint?.socketAddress
    _ = (address.scope, address.withoutPeer)
  }

  private func check(_ peer: PeerID) {
    promise((try? PeerID(peer.description)) == peer, "a peer id changes as text: \(peer)")
    promise((try? PeerID(peer.cid)) == peer, "a peer id changes as CID: \(peer)")
    _ = peer.publicKey
  }
}
