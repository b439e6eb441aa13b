/// What is to be said about an entry of a routes file, or about a route set in memory.
public struct RouteFinding: Sendable, Hashable, Error {
  /// How much it matters.
  public enum Severity: String, Sendable {
    /// The entry is left out.
    case error
    /// The entry is used, perhaps not as it was meant.
    case warning
  }

  /// The kinds of finding; the raw value is the stable code.
  public enum Code: String, Sendable, CaseIterable {
    /// The entry is neither a URL nor an object.
    case shape = "route.shape"
    /// A member has a value of the wrong type or out of range.
    case value = "route.value"
    /// The URL can't be used.
    case url = "route.url"
    /// The server is not on this machine, and the entry does not allow that.
    case remote = "route.remote"
    /// The certificate authorities can't be read.
    case authorities = "route.authorities"
    /// A member that has no meaning here.
    case unknownKey = "route.unknown-key"
    /// A setting that can have no effect, or not the one it seems to have.
    case ineffective = "route.ineffective"
  }

  /// The route's name.
  public let route: String
  /// What is found.
  public let code: Code
  /// What is wrong, and with what.
  public let message: String

  /// How much it matters.
  public var severity: Severity { code == .unknownKey || code == .ineffective ? .warning : .error }
}
