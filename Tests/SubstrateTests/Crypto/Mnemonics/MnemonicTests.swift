import Crypto
import Foundation
import Testing

@testable import Substrate

@Suite("Mnemonics give the accounts of substrate-interface and Ethereum wallets")
struct MnemonicTests {
  struct Vectors: Decodable {
    struct Case: Decodable {
      let entropy, phrase: String
      let seeds: [String: String]
      let accounts: [Account]
    }
    struct Account: Decodable {
      let path, secret, address, message, signature: String
    }
    struct URI: Decodable {
      let uri, address: String
    }
    let cases: [Case]
    let uris: [URI]
  }

  private let vectors: Vectors

  init() throws {
    vectors = try KeyVectors.load("keys/mnemonics.json")
    #expect(vectors.cases.count == 40 && vectors.uris.count == 15)
  }

  @Test("the word list is the one of BIP-39")
  func wordList() {
    let file = EnglishWords.all.map { $0 + "\n" }.joined()
    let digest = Hexadecimal.text(Array(SHA256.hash(data: Data(file.utf8))))
    #expect(digest == "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda")
    #expect(EnglishWords.values.count == 2048)
  }

  @Test("entropy of every length gives the recorded words, and the words are read back")
  func phrases() throws {
    for vector in vectors.cases {
      let entropy = try KeyVectors.bytes(vector.entropy)
      let count = try #require(Mnemonic.WordCount.allCases.first { $0.entropyLength == entropy.count })
      #expect(Mnemonic(entropy: entropy, count).phrase == vector.phrase)
      #expect(try Mnemonic(vector.phrase).phrase == vector.phrase)
    }
  }

  @Test("seeds equal the recorded ones, with passphrases in every normal form")
  func seeds() throws {
    for vector in vectors.cases.indices.filter({ $0 % 8 > 4 }).map({ vectors.cases[$0] }) {
      let mnemonic = try Mnemonic(vector.phrase)
      for (passphrase, seed) in vector.seeds {
        #expect(try Hexadecimal.text(mnemonic.seed(passphrase: passphrase)) == seed)
        let composed = passphrase.precomposedStringWithCanonicalMapping
        let decomposed = passphrase.decomposedStringWithCanonicalMapping
        #expect(try mnemonic.seed(passphrase: composed) == mnemonic.seed(passphrase: decomposed))
      }
    }
  }

  @Test("derived keys, addresses and signatures equal those of substrate-interface and eth-account")
  func accounts() throws {
    for vector in vectors.cases {
      let mnemonic = try Mnemonic(vector.phrase)
      for account in vector.accounts {
        let path = try DerivationPath(account.path)
        #expect(path.description == account.path)
        let key = try mnemonic.accountKey(at: path)
        #expect(key.secret.withUnsafeBytes { Hexadecimal.text($0) } == account.secret)
        #expect(key.accountID.description == account.address)
        let signature = try key.sign(KeyVectors.bytes(account.message))
        #expect(Hexadecimal.text(signature.bytes) == account.signature)
      }
      #expect(try mnemonic.accountKey().accountID.description == vector.accounts[0].address)
    }
  }

  @Test("secret URIs give the addresses of substrate-interface")
  func uris() throws {
    for vector in vectors.uris {
      #expect(try AccountKey.derived(fromURI: vector.uri).accountID.description == vector.address)
    }
    let vector = vectors.cases[4]
    #expect(
      try AccountKey.derived(fromURI: vector.phrase).accountID.description == vector.accounts[0].address)
  }

  @Test(
    "generated phrases have the asked length, differ, and are read back",
    arguments: Mnemonic.WordCount.allCases)
  func generation(count: Mnemonic.WordCount) throws {
    let phrase = Mnemonic.generate(count).phrase
    #expect(phrase.split(separator: " ").count == count.rawValue)
    #expect(try Mnemonic(phrase).phrase == phrase)
    #expect(Mnemonic.generate(count).phrase != phrase)
  }

  @Test("white space around words does not matter")
  func whiteSpace() throws {
    let vector = vectors.cases[4]
    let spaced = " \t" + vector.phrase.replacing(" ", with: " \n ") + "\r\n"
    #expect(try Mnemonic(spaced).phrase == vector.phrase)
  }

  @Test("a phrase of another length is refused", arguments: [0, 1, 11, 13, 23, 25, 27])
  func length(count: Int) {
    refuse("mnemonic.length") {
      try Mnemonic([String](repeating: "zoo", count: count).joined(separator: " "))
    }
  }

  @Test("an endless phrase is refused unread")
  func endless() {
    refuse("mnemonic.length") { try Mnemonic(String(repeating: "abandon ", count: 1_000_000)) }
  }

  @Test(
    "words outside the list are refused by position and not repeated",
    arguments: ["zebr", "Zoo", "zoo'", "żoo"])
  func words(word: String) {
    let phrase = [String](repeating: "zoo", count: 11).joined(separator: " ") + " " + word
    let error = #expect(throws: MnemonicError.self) { try Mnemonic(phrase) }
    #expect(error?.code == "mnemonic.word")
    #expect(error?.message.contains("word 12") == true)
    #expect(error.map { !"\($0)".contains(word) } == true)
  }

  @Test("words that do not belong together are refused")
  func checksum() throws {
    for vector in vectors.cases where vector.entropy.first != "0" {
      var words = vector.phrase.split(separator: " ")
      words.swapAt(0, words.count - 1)
      guard words[0] != words[words.count - 1] else { continue }
      let swapped = words.joined(separator: " ")
      // A swap may happen to satisfy a checksum of few bits; then it decodes to something else.
      if let mnemonic = try? Mnemonic(swapped) {
        #expect(mnemonic.phrase == swapped)
      } else {
        refuse("mnemonic.checksum") { try Mnemonic(swapped) }
      }
    }
    refuse("mnemonic.checksum") {
      try Mnemonic([String](repeating: "abandon", count: 12).joined(separator: " "))
    }
  }

  @Test(
    "other texts than m and numbers are no path",
    arguments: [
      "", "m", "m/", "/m/0", "n/0", "M/0", "44'/0", "m//0", "m/0/", "m/'", "m/-1", "m/+1", "m/1_0", "m/ 1",
      "m/0x1",
      "m/2147483648", "m/2147483648'", "m/99999999999999999999", "m/0''", "m/0h", "m/٣",
      "m" + String(repeating: "/0", count: 17),
    ])
  func paths(text: String) {
    refuse("mnemonic.path") { try DerivationPath(text) }
  }

  @Test("a path of the greatest depth is read, and the default is Ethereum's")
  func pathBorders() throws {
    #expect(try DerivationPath("m" + String(repeating: "/0", count: 16)).indices.count == 16)
    #expect(DerivationPath.ethereum.description == "m/44'/60'/0'/0/0")
  }

  @Test("a URI with a damaged path or phrase, or without words, is refused")
  func damagedURIs() {
    let phrase = vectors.cases[4].phrase
    refuse("mnemonic.path") { try AccountKey.derived(fromURI: phrase + "//hard") }
    refuse("mnemonic.path") { try AccountKey.derived(fromURI: phrase + "/") }
    refuse("mnemonic.length") { try AccountKey.derived(fromURI: "/m/44'/60'/0'/0/0") }
    refuse("mnemonic.length") { try AccountKey.derived(fromURI: "///") }
  }

  @Test("a mnemonic is printed, dumped and reflected without its words")
  func redaction() throws {
    let mnemonic = try Mnemonic(vectors.cases[4].phrase)
    var dumped = ""
    dump(mnemonic, to: &dumped)
    for text in ["\(mnemonic)", String(reflecting: mnemonic), dumped] {
      for word in vectors.cases[4].phrase.split(separator: " ") { #expect(!text.contains(word)) }
    }
  }

  private func refuse<Value>(_ code: String, of body: () throws -> Value) {
    let error = #expect(throws: MnemonicError.self) { _ = try body() }
    #expect(error?.code == code)
  }
}
