import ArgumentParser
import Foundation
import Substrate

struct KeysCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys", abstract: "Makes and reads the keys of coldkeys, hotkeys and peers.",
    subcommands: [
      KeysGenerateCommand.self, KeysImportCommand.self, KeysInspectCommand.self, KeysAddressCommand.self,
      KeysPeerCommand.self,
    ])
}

/// Where a new key file goes, and in what form.
struct NewKeyOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The key file to make; an existing one is never overwritten.", valueName: "file"))
  var out: String
  @Flag(help: "Encrypt the file with a passphrase. Services that start by themselves need it unencrypted.")
  var encrypt = false
  @OptionGroup var passphrase: PassphraseOptions
  @Option(help: "How the answer is written: table or json.") var format: OutputFormat = .table

  func write(_ key: AccountKey) throws -> KeyFile {
    let secret = encrypt ? try passphrase.read("Passphrase for \(out)", confirming: true) : nil
    return try KeyFile.write(key, to: out, passphrase: secret)
  }
}

struct KeysGenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Makes a new key.",
    discussion: "With --words, the key comes from a new phrase, which is shown once: write it down.")

  @OptionGroup var new: NewKeyOptions
  @Option(help: "Derive the key from a new phrase of 12, 15, 18, 21 or 24 words.") var words: Int?

  func run() throws {
    var phrase: String?
    let key: AccountKey
    if let words {
      guard let count = Mnemonic.WordCount(rawValue: words) else {
        throw CommandError("usage.words", "a phrase can't have \(words) words", remedy: "12, 15, 18, 21 or 24.")
      }
      let mnemonic = Mnemonic.generate(count)
      phrase = mnemonic.phrase
      key = try mnemonic.accountKey()
    } else {
      key = try AccountKey.generate()
    }
    _ = try new.write(key)
    switch new.format {
    case .json:
      Report.write(
        [
          "address": .string(key.accountID.description), "file": .string(new.out),
          "phrase": phrase.map { .string($0) } ?? .null,
        ])
    case .table:
      Report.write(
        rows: [("address", key.accountID.description), ("file", new.out)] + (phrase.map { [("phrase", $0)] } ?? []))
    }
  }
}

struct KeysImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Makes a key file from a secret that exists already.",
    discussion: """
      The secret is typed or piped in, never given as an argument: 64 hex digits, a BIP-39 phrase (the address is \
      the one that substrate-interface derives for ECDSA keys, m/44'/60'/0'/0/0), or a phrase with a path \
      (word … word/m/44'/60'/0'/0/1). --from reads another key file instead, such as an Ethereum keystore.
      """)

  @OptionGroup var new: NewKeyOptions
  @Option(help: ArgumentHelp("A key file to take the key from.", valueName: "file")) var from: String?

  func run() throws {
    let key: AccountKey
    if let from {
      key = try KeyFile.load(path: from) { file in try SecretPrompt.read("Passphrase of \(file.path)") }
    } else {
      let secret = try SecretPrompt.read("Secret key or phrase").trimmingCharacters(in: .whitespaces)
      if !secret.contains(" "), let bytes = Hex.decode(secret) {
        key = try AccountKey(secret: bytes)
      } else {
        key = try AccountKey.derived(fromURI: secret)
      }
    }
    _ = try new.write(key)
    switch new.format {
    case .json: Report.write(["address": .string(key.accountID.description), "file": .string(new.out)])
    case .table: Report.write(rows: [("address", key.accountID.description), ("file", new.out)])
    }
  }
}

struct KeysInspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Says what a key file holds, without decrypting it.")

  @Argument(help: "The key file.") var file: String
  @Option(help: "How the answer is written: table or json.") var format: OutputFormat = .table

  func run() throws {
    let found = try KeyFile.inspect(file)
    switch format {
    case .json:
      Report.write(
        [
          "file": .string(found.path), "form": .string("\(found.form)"),
          "address": found.accountID.map { .string($0.description) } ?? .null,
        ])
    case .table:
      Report.write(rows: [
        ("file", found.path), ("form", "\(found.form)"), ("address", found.accountID?.description ?? "–"),
      ])
    }
  }
}

struct KeysAddressCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "address", abstract: "Prints the address of a key file, decrypting it if need be.")

  @Argument(help: "The key file.") var file: String
  @OptionGroup var passphrase: PassphraseOptions

  func run() throws {
    if let address = try KeyFile.inspect(file).accountID {
      Report.write(text: address.description)
      return
    }
    let key = try KeyFile.load(path: file) { file in try passphrase.read("Passphrase of \(file.path)") }
    Report.write(text: key.accountID.description)
  }
}
