import Foundation
import Testing

@testable import Substrate

@Suite("Account ids")
struct AccountIDTests {
  private let keys: [GeneralVectors.Key]

  init() throws {
    keys = try KeyVectors.load("chain/general.json", as: GeneralVectors.self).keys
    #expect(keys.count == 12)
  }

  /// The examples of EIP-55 itself.
  private static let checksummed = [
    "0x52908400098527886E0F7030069857D2E4169EE7", "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
    "0xde709f2102306220921060314715629080e2fb77", "0x27b1fdb04752bbc536007a920d24acb045561c26",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
  ]

  @Test("the examples of EIP-55 are spelled as the document does", arguments: checksummed)
  func checksum(text: String) throws {
    #expect(try AccountID(text.lowercased()).description == text)
    #expect(try AccountID(text).hex == text.lowercased())
    #expect(try AccountID("0x" + text.dropFirst(2).uppercased()) == AccountID(text))
  }

  @Test("recorded accounts round-trip between bytes and both spellings")
  func recorded() throws {
    for key in keys {
      let account = try AccountID(bytes: KeyVectors.bytes(key.address))
      #expect(account.description == key.checksum)
      #expect(account.hex == key.address)
      #expect(try account.bytes == KeyVectors.bytes(key.address))
      #expect(try AccountID(key.checksum) == account)
    }
  }

  @Test("one letter in the wrong case is refused by name", arguments: checksummed[4...])
  func wrongCase(text: String) throws {
    let letters = text.indices.dropFirst(2).filter { text[$0].isLetter }
    for index in letters {
      let flipped = text[index].isUppercase ? text[index].lowercased() : text[index].uppercased()
      let altered = text.replacingCharacters(in: index...index, with: flipped)
      let error = #expect(throws: AccountIDError.self) { try AccountID(altered) }
      #expect(error?.code == "account.checksum")
    }
  }

  @Test(
    "text that is not 0x and 40 hexadecimal digits is refused",
    arguments: [
      "", "0x", "f24ff3a9cf04c71dbc94d0b566f7a27b94566cac", "0Xf24ff3a9cf04c71dbc94d0b566f7a27b94566cac",
      "0xf24ff3a9cf04c71dbc94d0b566f7a27b94566ca", "0xf24ff3a9cf04c71dbc94d0b566f7a27b94566cac0",
      "0xg24ff3a9cf04c71dbc94d0b566f7a27b94566cac", " 0xf24ff3a9cf04c71dbc94d0b566f7a27b94566cac",
      "0xf24ff3a9cf04c71dbc94d0b566f7a27b94566c\u{e9}", "0xf24ff3a9cf04c71dbc94d0b566f7a27b94566c@`",
    ])
  func malformed(text: String) {
    let error = #expect(throws: AccountIDError.self) { try AccountID(text) }
    #expect(error?.code == "account.text")
  }

  @Test("every byte that is no hexadecimal digit is refused", arguments: UInt8.min...UInt8.max)
  func digits(byte: UInt8) {
    let isDigit = Character(Unicode.Scalar(byte)).isHexDigit
    #expect((Hexadecimal.bytes([byte, byte]) != nil) == isDigit)
    #expect(
      UInt8(String(decoding: [byte, byte], as: UTF8.self), radix: 16) == Hexadecimal.bytes([byte, byte])?[0])
  }

  @Test("bytes of another length are refused", arguments: [0, 19, 21, 32])
  func wrongLength(count: Int) {
    let error = #expect(throws: AccountIDError.self) {
      try AccountID(bytes: [UInt8](repeating: 1, count: count))
    }
    #expect(error?.code == "account.length")
  }

  @Test("the order is that of the bytes")
  func order() throws {
    let accounts = try keys.map { try AccountID($0.address) }.sorted()
    #expect(accounts.map(\.hex) == keys.map(\.address).sorted())
    let ends = try [0, 7, 8, 15, 16, 19].map { position in
      var bytes = [UInt8](repeating: 0, count: 20)
      bytes[position] = 0x80
      return try AccountID(bytes: bytes)
    }
    #expect(ends.sorted() == ends.reversed())
  }

  @Test("JSON holds the checksummed text and a damaged text is refused")
  func coding() throws {
    let account = try AccountID(keys[0].address)
    let json = try JSONEncoder().encode([account])
    #expect(String(decoding: json, as: UTF8.self) == "[\"\(keys[0].checksum)\"]")
    #expect(try JSONDecoder().decode([AccountID].self, from: json) == [account])
    #expect(throws: AccountIDError.self) {
      try JSONDecoder().decode(AccountID.self, from: Data("\"0x00\"".utf8))
    }
  }
}
