import LibP2P
import NIOCore
import Substrate

extension SettingForm where Value == [Multiaddr] {
  /// - Parameter naming: whether each has to end with `/p2p/` and a peer's id.
  static func addresses(naming: Bool) -> Self {
    Self(listOf: naming ? "multiaddrs with /p2p/ID" : "multiaddrs") { (texts, _) throws(SettingFault) in
      var addresses: [Multiaddr] = []
      for text in texts {
        do {
          let address = try Multiaddr(text)
          guard !naming || address.peerID != nil else {
            throw SettingFault("has to say whose address \(text.quotedForReader) is: add /p2p/ and the peer's id")
          }
          addresses.append(address)
        } catch let fault as SettingFault {
          throw fault
        } catch {
          throw SettingFault("takes multiaddrs such as /ip4/0.0.0.0/tcp/4001, not \(text.quotedForReader)")
        }
      }
      return addresses
    }
  }
}

extension SettingForm where Value == BlockHash {
  static var blockHash: Self {
    Self("0x and 64 hex digits") { (text, _) throws(SettingFault) in
      guard let hash = BlockHash(hex: text) else {
        throw SettingFault("takes 0x and 64 hex digits, not \(text.quotedForReader)")
      }
      return hash
    }
  }
}

extension SettingForm where Value == SocketAddress {
  /// An IP address with a port, `127.0.0.1:9700` or `[::1]:9700`.
  static var socketAddress: Self {
    Self("an IP address with a port") { (text, _) throws(SettingFault) in
      guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
        throw SettingFault("takes an address and a port such as 127.0.0.1:9700, not \(text.quotedForReader)")
      }
      let host = text[..<colon]
      let bare = host.hasPrefix("[") && host.hasSuffix("]") ? host.dropFirst().dropLast() : host
      guard
        let address = try? SocketAddress(ipAddress: bare == "localhost" ? "127.0.0.1" : String(bare), port: Int(port))
      else {
        throw SettingFault("takes an IP address and a port such as 127.0.0.1:9700, not \(text.quotedForReader)")
      }
      return address
    }
  }
}
