import Fuzzing

@testable import Substrate

/// Key files, phrases, paths and addresses as somebody typed or stored them. The first byte chooses the reader.
/// Nothing is unsealed: that costs half a second by design.
@main
struct FuzzKeys: FuzzTarget {
  func seeds() throws -> [[UInt8]] {
    let sealed = """
      s{"format":"validatord-key","version":1,"address":"0xf24FF3a9CF04c71Dbc94D0b566f7A27B94566cac",\
      "kdf":{"name":"scrypt","n":4096,"r":8,"p":1,"salt":"\(String(repeating: "00", count: 32))"},\
      "cipher":{"name":"chacha20-poly1305","nonce":"\(String(repeating: "00", count: 12))",\
      "ciphertext":"\(String(repeating: "00", count: 48))"},"checksum":"0000000000000000"}
      """
    let phrases = try Vectors.texts("phrase", in: "keys/mnemonics.json").prefix(20).map { "m" + $0 }
    let keystores = try Vectors.texts("document", in: "keys/keystores.json").map { "w" + $0 }
    let others = [
      sealed, "pm/44'/60'/0'/0/0", "p//hard/soft", "a0xf24FF3a9CF04c71Dbc94D0b566f7A27B94566cac",
      "h0x00ff", "h" + String(repeating: "1f", count: 32),
    ]
    return (phrases + keystores + others).map { Array($0.utf8) }
  }

  func take(_ input: [UInt8]) {
    guard let kind = input.first else { return }
    let bytes = Array(input.dropFirst())
    let text = String(decoding: bytes, as: UTF8.self)
    switch Unicode.Scalar(kind) {
    case "m":
      if let mnemonic = try? Mnemonic(text) {
        promise((try? Mnemonic(mnemonic.phrase))?.phrase == mnemonic.phrase, "a phrase changes when it is read again")
      }
    case "p": _ = try? DerivationPath(text)
    case "a":
      if let account = try? AccountID(text) {
        promise((try? AccountID(account.description)) == account, "an address changes when it is read again")
      }
    case "h":
      if let decoded = Hex.decode(text) {
        promise(Hex.decode(Hex.encode(decoded)) == decoded, "hex changes when it is written and read")
      }
      if let decoded = Hexadecimal.bytes(bytes) {
        promise(Hexadecimal.text(decoded) == text.lowercased(), "hexadecimal text changes when it is read")
      }
    case "s": _ = try? SealedKey(json: bytes, path: "fuzz")
    case "w": _ = try? Web3Keystore(json: bytes, path: "fuzz")
    default: break
    }
  }
}
