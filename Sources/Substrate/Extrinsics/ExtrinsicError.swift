/// Why an extrinsic was not made, not signed or not accepted.
public struct ExtrinsicError: SubstrateError, Hashable {
  public enum Code: String, Sendable {
    /// Arguments that no call may have.
    case malformedCall = "extrinsic.malformed-call"
    /// The call is not on the signer's list.
    case callNotAllowed = "extrinsic.call-not-allowed"
    /// A format that this build does not write.
    case unsupported = "extrinsic.unsupported"
    /// The runtime is no longer the one that the call was built for.
    case runtimeChanged = "extrinsic.runtime-changed"
    /// The account can't pay the fee and keep the existential deposit.
    case cannotPay = "extrinsic.cannot-pay"
    /// The nonce was used already.
    case stale = "extrinsic.stale"
    /// The nonce leaves a gap; the pool holds the extrinsic back.
    case future = "extrinsic.future"
    /// The era is over, or its birth block is on another fork.
    case expired = "extrinsic.expired"
    /// The signature does not fit; mostly a wrong era, genesis or version.
    case badProof = "extrinsic.bad-proof"
    /// The pool holds another extrinsic with this nonce and at least its priority.
    case priorityTooLow = "extrinsic.priority-too-low"
    /// The runtime refuses it for another reason.
    case invalid = "extrinsic.invalid"
  }

  public let kind: Code
  public let message: String
  public let remedy: String

  public var code: String { kind.rawValue }

  public init(_ kind: Code, _ message: String, remedy: String = "") {
    self.kind = kind
    self.message = message
    self.remedy = remedy
  }
}
