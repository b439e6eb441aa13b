public import LibP2P

/// Why a routes file as a whole can't be used.
public struct RoutesFileError: LibP2PError, Equatable {
  /// The kinds of failure; the raw value is the stable code.
  public enum Code: String, Sendable {
    /// It is not there, or can't be opened or read.
    case unreadable = "routes.unreadable"
    /// It is longer, or has more routes, than is read.
    case tooLarge = "routes.too-large"
    /// It is not JSON; perhaps it is being written.
    case notJSON = "routes.not-json"
    /// It is JSON, but not an object of routes.
    case notObject = "routes.not-object"
  }

  /// Which failure it is.
  public let kind: Code
  public let message: String

  init(_ kind: Code, _ message: String) {
    self.kind = kind
    self.message = message
  }

  public var code: String { kind.rawValue }

  public var remedy: String {
    switch kind {
    case .unreadable: "Check the path and the permissions"
    case .tooLarge: "Name fewer routes"
    case .notJSON: "Correct the file; write a new one beside it and rename it, so that it is never seen half-written"
    case .notObject: #"Write {"name": {"url": "http://127.0.0.1:8000/path", "stream": false}}"#
    }
  }
}
