import ArgumentParser
import Foundation
import Substrate

/// Which key signs, and where its passphrase comes from.
struct KeyOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The key file that signs.", valueName: "file")) var key: String?
  @OptionGroup var passphrase: PassphraseOptions

  func loadIfGiven() throws -> AccountKey? {
    guard let key else { return nil }
    return try KeyFile.load(path: key) { file in try passphrase.read("Passphrase of \(file.path)") }
  }
}

/// Where a passphrase comes from: a file, or the terminal. Never an argument, which `ps` would show.
struct PassphraseOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Read the passphrase from this file's first line.", valueName: "file"))
  var passphraseFile: String?

  /// The most bytes that a passphrase file may have.
  private static let maximumSize = 4096

  func read(_ prompt: String, confirming: Bool = false) throws -> String {
    if let passphraseFile { return try Self.readFile(passphraseFile) }
    let first = try SecretPrompt.read(prompt)
    if confirming, try SecretPrompt.read("The same again") != first {
      throw CommandError(
        "keys.mismatch", "the two passphrases differ", remedy: "Run the command again.", status: .failed)
    }
    return first
  }

  private static func readFile(_ path: String) throws -> String {
    guard let handle = FileHandle(forReadingAtPath: path), let data = try handle.read(upToCount: maximumSize + 1),
      data.count <= maximumSize, let text = String(data: data, encoding: .utf8)
    else {
      throw CommandError(
        "keys.passphrase-file", "the passphrase file \(path) can't be read",
        remedy: "It is UTF-8 text of \(maximumSize) bytes at most.", status: .configuration)
    }
    return String(text.prefix { !$0.isNewline })
  }
}

/// Reads a line that the terminal does not show.
enum SecretPrompt {
  static func read(_ prompt: String) throws -> String {
    guard isatty(STDIN_FILENO) == 1 else {
      guard let line = readLine() else { throw noInput }
      return line
    }
    FileHandle.standardError.write(Data("\(prompt): ".utf8))
    var settings = termios()
    guard tcgetattr(STDIN_FILENO, &settings) == 0 else { throw noInput }
    var silent = settings
    silent.c_lflag &= ~tcflag_t(ECHO)
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
    defer {
      tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings)
      FileHandle.standardError.write(Data("\n".utf8))
    }
    guard let line = readLine() else { throw noInput }
    return line
  }

  private static var noInput: CommandError {
    CommandError(
      "keys.no-input", "there is nothing to read the secret from", remedy: "Type it, or pipe it in.", status: .failed)
  }
}
