import Foundation
import LibP2P
import Testing

@testable import Protocols

@Suite("Keys that messages showed")
struct KnownKeysTests {
  @Test("S6 strangers with ever new keys leave the right key behind each text, and nonsense is refused each time")
  func bounded() throws {
    let (keys, own) = (KnownKeys(), try PrivateKey.generate(.ed25519).publicKey)
    let text = Data(try #require(own.openSSH).utf8)
    for number in 0..<KnownKeys.capacity * 2 {
      let stranger = Data("\(String(decoding: text, as: UTF8.self)) \(number)".utf8)
      #expect(try keys.verifier(stranger).key == own)
      #expect(keys.count <= KnownKeys.capacity)
    }
    #expect(try keys.verifier(text).key == own)
    for _ in 0..<2 { #expect(throws: Refusal.self) { try keys.verifier(Data("ssh-ed25519 AAAA".utf8)) } }
  }
}
