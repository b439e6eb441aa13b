/// Why the chain's state could not be read.
public struct ChainError: SubstrateError, Hashable {
  public enum Code: String, Sendable {
    /// An endpoint's answer is not what the method gives.
    case malformed = "chain.malformed"
    /// No such block, or no longer kept.
    case unknownBlock = "chain.unknown-block"
    /// An endpoint is behind what was used before.
    case staleView = "chain.stale-view"
    /// The chain is not the one that was asked for.
    case wrongChain = "chain.wrong-chain"
    /// More entries than the caller allows.
    case tooMany = "chain.too-many"
    /// A runtime this build can't read.
    case unsupported = "chain.unsupported"
  }

  public let kind: Code
  public let message: String
  public let remedy: String

  public var code: String { kind.rawValue }

  public init(_ kind: Code, _ message: String, remedy: String? = nil) {
    self.kind = kind
    self.message = message
    self.remedy = remedy ?? Self.remedy(kind)
  }

  private static func remedy(_ kind: Code) -> String {
    switch kind {
    case .malformed: "Use another endpoint."
    case .staleView: "Wait until it has caught up, or use another endpoint."
    case .unknownBlock: "Take a newer block, or an archive node."
    case .wrongChain: "Give the endpoint of the chain whose genesis hash is configured."
    case .tooMany: "Narrow the keys, or raise the limit."
    case .unsupported: "Update validatord."
    }
  }
}
