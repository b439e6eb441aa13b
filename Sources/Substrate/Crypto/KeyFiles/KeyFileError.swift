/// Why a key file cannot be read or written. The texts hold nothing of its contents.
public struct KeyFileError: SubstrateError, Equatable {
  enum Code: String, Sendable {
    case missing = "keyfile.missing"
    case exists = "keyfile.exists"
    case symbolicLink = "keyfile.symlink"
    case kind = "keyfile.kind"
    case owner = "keyfile.owner"
    case mode = "keyfile.mode"
    case size = "keyfile.size"
    case unreadable = "keyfile.unreadable"
    case unwritable = "keyfile.unwritable"
    case form = "keyfile.form"
    case version = "keyfile.version"
    case parameters = "keyfile.parameters"
    case damaged = "keyfile.damaged"
    case wrongPassphrase = "keyfile.passphrase"
    case unfitPassphrase = "keyfile.passphrase.unfit"
  }

  private let kind: Code
  private let path: String
  private let problem: String

  init(_ kind: Code, _ path: String, _ problem: String) {
    self.kind = kind
    self.path = path
    self.problem = problem
  }

  public var code: String { kind.rawValue }

  public var message: String { "the key file \(path) \(problem)" }

  public var remedy: String {
    switch kind {
    case .missing: "Check the path, or make a key with `validatord keys generate`."
    case .exists: "Choose another path; a key file is never overwritten."
    case .symbolicLink: "Name the file itself instead of a link to it."
    case .kind: "Name a regular file."
    case .owner: "Run as the owner of the file, or change the owner with chown."
    case .mode: "Run: chmod 600 \(Self.shellQuoted(path))"
    case .size: "Check that the path names a key file."
    case .unreadable: "Check the permissions of the directories on the path."
    case .unwritable: "Check the directory's permissions and the free space."
    case .form:
      "Give 64 hexadecimal digits, a file of `validatord keys generate`, or an Ethereum V3 keystore."
    case .version: "Update validatord."
    case .parameters: "Encrypt the key again with the tool's standard parameters."
    case .damaged: "Restore the file from a backup, or the key from its phrase."
    case .wrongPassphrase: "Try the passphrase again."
    case .unfitPassphrase: "Choose a passphrase of 1 to \(ScryptParameters.maximumPassphraseLength) bytes."
    }
  }

  /// The path as one word of a POSIX shell.
  private static func shellQuoted(_ path: String) -> String {
    "'" + path.replacing("'", with: "'\\''") + "'"
  }
}
