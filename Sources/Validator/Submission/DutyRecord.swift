public import Substrate

/// A duty as the journal has it.
public struct DutyRecord: Sendable, Hashable {
  /// The one signature of a duty.
  public struct Signature: Sendable, Hashable {
    /// The bytes that are sent, unchanged however often.
    public let extrinsic: SignedExtrinsic
    /// SHA-256 of what is stated, whatever nonce and era.
    public let content: Digest32
    /// The chain's height when it was signed; no earlier block can hold it.
    public let signedAt: UInt64
  }

  public let key: DutyKey
  public let progress: DutyProgress
  /// Nil while nothing is signed.
  public let signature: Signature?
  /// Particulars of why it was refused or missed.
  public let detail: String?

  public var state: DutyProgress.State { progress.state }
  public var next: DutyProgress.Step { progress.next }
}

/// A step of a duty as it was noted.
public struct JournalStep: Sendable, Hashable {
  public let arrow: DutyProgress.Arrow
  /// The state it led to.
  public let state: String
  /// The chain's height.
  public let block: UInt64
  public let detail: String?
  /// Milliseconds since 1970, for display.
  public let at: Int64
}
