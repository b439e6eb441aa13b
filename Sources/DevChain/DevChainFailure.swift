/// Why a simulated chain can't start, load or save.
public struct DevChainFailure: DevChainError, Hashable {
  public enum Code: String, Sendable {
    /// A genesis that no chain can begin with.
    case genesis = "devchain.genesis"
    /// A snapshot that can't be read.
    case snapshot = "devchain.snapshot"
    /// The port can't be listened on.
    case listen = "devchain.listen"
  }

  public let kind: Code
  public let message: String
  public let remedy: String

  public var code: String { kind.rawValue }

  init(_ kind: Code, _ message: String, remedy: String) {
    self.kind = kind
    self.message = message
    self.remedy = remedy
  }
}
