import Foundation

/// Why a key file can't be read or written.
public struct PeerKeyFileError: LibP2PError, Equatable {
  /// The kinds of failure; the raw value is the stable code.
  public enum Code: String, Sendable {
    case notFound = "peer-key-file.not-found"
    case exists = "peer-key-file.exists"
    case notAFile = "peer-key-file.not-a-file"
    case permissions = "peer-key-file.permissions"
    case tooLarge = "peer-key-file.too-large"
    case system = "peer-key-file.system"
  }

  /// Which failure it is.
  public let kind: Code
  public let message: String

  init(_ kind: Code, _ message: String) {
    self.kind = kind
    self.message = message
  }

  /// What a system call reported.
  static func failed(_ action: String, _ path: String, _ number: Int32) -> PeerKeyFileError {
    let kind: Code =
      switch number {
      case ENOENT: .notFound
      case EEXIST: .exists
      case ELOOP, EISDIR: .notAFile
      case EACCES, EPERM: .permissions
      default: .system
      }
    return PeerKeyFileError(kind, "can't \(action) \(path): \(String(cString: strerror(number)))")
  }

  public var code: String { kind.rawValue }

  public var remedy: String {
    switch kind {
    case .notFound: "Make one with: validatord keys peer generate"
    case .exists: "Move the old key away first; it may be a registered identity"
    case .notAFile: "Name the key file itself, not a link or a folder"
    case .permissions: "Let the node's user own it, and run: chmod 600 on it"
    case .tooLarge: "Check that the path names a key file"
    case .system: "Check the disk and the folder"
    }
  }
}
