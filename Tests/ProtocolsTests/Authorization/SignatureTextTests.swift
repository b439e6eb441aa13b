import Foundation
import LibP2P
import Testing

@testable import Protocols

@Suite("Texts of signatures and tokens")
struct SignatureTextTests {
  @Test(
    "Base64 is read as Python's b64decode reads it",
    arguments: [
      ("", ""), ("QQ==", "A"), ("QUI=", "AB"), ("QUJD", "ABC"), ("QUJDRA==", "ABCD"), ("QQ=", nil), ("QQ", nil),
      ("Q", nil), ("Q===", nil), ("QUJ", nil), ("QU JD\nRA==\n", "ABCD"), ("-_-_QUJD", "ABC"), ("QQ==QUJD", "A"),
      ("QUI=QUJD", "AB"), ("=QUJD", "ABC"), ("QU=JD", "ABC"), ("QUJD=", "ABC"), ("QUJD====", "ABC"), ("Q=Q=", nil),
      ("Q=Q==", "A"), ("=====", ""), ("QUJDR!A=!=", "ABCD"), ("Q=U=J=D", "AB"),
    ] as [(String, String?)])
  func base64(text: String, expected: String?) {
    #expect(LenientBase64.decode(Array(text.utf8)) == expected.map { Array($0.utf8) })
  }

  @Test("Base64 agrees with Foundation's on proper text, and has an end")
  func base64Property() {
    for count in 0..<200 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ count) }
      #expect(LenientBase64.decode(Data(bytes).base64EncodedData()) == bytes)
    }
    let endless = [UInt8](repeating: UInt8(ascii: "A"), count: LenientBase64.maximumLength)
    #expect(LenientBase64.decode(endless)?.count == 3_072)
    #expect(LenientBase64.decode(endless + endless.prefix(4)) == nil)
  }

  @Test(
    "Moments are Python's, to and fro",
    arguments: [
      (0, "1970-01-01 00:00:00+00:00"), (0.000001, "1970-01-01 00:00:00.000001+00:00"),
      (1_760_000_000, "2025-10-09 08:53:20+00:00"), (1_760_000_060.125, "2025-10-09 08:54:20.125000+00:00"),
      (951_782_399.999999, "2000-02-28 23:59:59.999999+00:00"), (1_709_164_800.5, "2024-02-29 00:00:00.500000+00:00"),
      (946_684_799, "1999-12-31 23:59:59+00:00"), (253_402_300_799, "9999-12-31 23:59:59+00:00"),
    ] as [(Double, String)])
  func datetime(seconds: Double, text: String) {
    #expect(PythonDatetime.text(seconds) == text)
    #expect(PythonDatetime.seconds(text) == seconds)
  }

  @Test("Times that are none are told apart, and no number is too strange to write")
  func noDatetime() {
    for text in [
      "", "garbage", "2025-10-09", "2025-10-09T08:53:20+00:00", "2025-13-09 08:53:20+00:00",
      "2025-02-30 08:53:20+00:00",
      "2025-10-09 08:53:20+01:00", "2025-10-09 08:53:20.000000+00:00", "2025-10-09 08:53:20.5+00:00",
      "99999999999999999999-1-1 1:1:1", "2025-10-09 08:53:20+00:00\u{0}", "２０２５-10-09 08:53:20",
    ] {
      #expect(PythonDatetime.seconds(text) == nil, "\(text)")
    }
    for seconds in [.nan, .infinity, -.infinity, -1, 1e300] as [Double] {
      #expect(PythonDatetime.seconds(PythonDatetime.text(seconds)) != nil)
    }
  }

  @Test("RSA signs with the longest salt, verifies any, and only what it signed")
  func rsa() throws {
    let message = Array("message".utf8)
    for name in ["rsa_a", "rsa_3072"] {
      let identity = try MeshVectors.identity(name)
      let (secret, open) = (try #require(identity.rsaDER), try #require(identity.publicKey.rsaDER))
      let signer = try #require(RSAPSSKey(privateDER: secret))
      let verifier = try #require(RSAPSSKey(publicDER: open))
      let signature = try #require(signer.signature(for: message))
      #expect(verifier.isValidSignature(signature, for: message))
      #expect(!verifier.isValidSignature(signature, for: message + [0]))
      for index in stride(from: 0, to: signature.count, by: 37) {
        var altered = signature
        altered[index] ^= 1
        #expect(!verifier.isValidSignature(altered, for: message))
      }
      for length in [0, 1, signature.count - 1] {
        #expect(!verifier.isValidSignature(Array(signature.prefix(length)), for: message))
      }
      #expect(verifier.signature(for: message) == nil)
    }
    #expect(RSAPSSKey(publicDER: []) == nil && RSAPSSKey(privateDER: [0x30, 0x03, 1, 2, 3]) == nil)
  }

  @Test("A key that has no OpenSSH text can't sign; nor can one be read that is no key")
  func otherKeys() throws {
    let refusal = #expect(throws: Refusal.self) { try MessageSigner(.generate(.secp256k1)) }
    #expect(refusal?.kind == .key)
    for text in ["", "ssh-ed25519", "ssh-dss AAAA", String(repeating: "ssh-rsa ", count: 1_000)] {
      let refusal = #expect(throws: Refusal.self) { try MessageVerifier(openSSH: Data(text.utf8)) }
      #expect(refusal?.kind == .key)
    }
  }

  @Test("A token serves for some seconds and is then made anew, also when the clock goes back")
  func tokenReuse() throws {
    let node = try TestNode("ed25519_a")
    let signer = try node.signer
    let first = try signer.token()
    node.set(now: 1_760_000_010)
    #expect(try signer.token() == first)
    node.set(now: 1_760_000_010.5)
    let second = try signer.token()
    #expect(second.expirationTime == "2025-10-09 08:54:30.500000+00:00")
    node.set(now: 1_760_000_000)
    #expect(try signer.token().expirationTime == "2025-10-09 08:54:20+00:00")
  }
}
