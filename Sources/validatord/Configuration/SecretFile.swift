import Foundation

/// A file whose first line is a secret: a passphrase, an API key. Its mode is its protection.
enum SecretFile {
  /// The most bytes that it may have.
  static let maximumSize = 4096

  /// The secret in a file.
  ///
  /// - Throws: ``CommandError`` `secret-file.unreadable`; `secret-file.mode` for one that others than its owner may read.
  static func read(_ path: String) throws -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { throw unreadable(path, String(cString: strerror(errno))) }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw unreadable(path, "it is no plain file")
    }
    guard status.st_mode & 0o077 == 0, status.st_uid == geteuid() || geteuid() == 0 else {
      throw CommandError(
        "secret-file.mode", "\(path) is open to others than its owner", remedy: "chmod 600 '\(path)'",
        status: .notPermitted)
    }
    guard let data = try? handle.read(upToCount: maximumSize + 1), data.count <= maximumSize,
      let text = String(data: data, encoding: .utf8)
    else { throw unreadable(path, "it is not UTF-8 text of \(maximumSize) bytes at most") }
    let secret = String(text.prefix { !$0.isNewline })
    guard !secret.isEmpty else { throw unreadable(path, "its first line is empty") }
    return secret
  }

  private static func unreadable(_ path: String, _ reason: String) -> CommandError {
    CommandError(
      "secret-file.unreadable", "\(path) can't be read: \(reason)", remedy: "Check the path and the file's mode.",
      status: .configuration)
  }
}
