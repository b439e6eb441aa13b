/// Why something was not signed, or not noted in the journal.
public struct ProtectionError: ValidatorError, Hashable {
  public enum Code: String, Sendable, CaseIterable {
    /// Something else was signed for this duty.
    case signedOtherwise = "protection.signed-otherwise"
    /// The epoch is at or below the bound.
    case bound = "protection.bound"
    /// Signing is on hold.
    case hold = "protection.hold"
    /// The extrinsic would never expire, or is not the one that its hash names.
    case unfit = "protection.unfit"
    /// The duty was not planned, or is over.
    case notPlanned = "protection.not-planned"
    /// Not a protection file, or one that contradicts itself.
    case interchange = "protection.interchange"
    /// A step that can't follow.
    case arrow = "journal.arrow"
  }

  public let kind: Code
  public let message: String
  public let remedy: String

  public var code: String { kind.rawValue }

  init(_ kind: Code, _ message: String, remedy: String = "") {
    self.kind = kind
    self.message = message
    self.remedy = remedy
  }
}
