/// Finds out whether somebody else acts with the own hotkey.
///
/// A value without I/O: it is told of the own node's acts on chain, with what the journal knows of each. What was done
/// before this process started may be an earlier installation's, which was stopped: its epochs are closed, and the first
/// epoch is only watched. What is done later and not by this journal is another signer, with whom no stake is safe.
/// Source: spec/threats.md S17; the issue that asks for it calls it the doppelganger check.
public struct DoppelgangerWatch: Sendable, Hashable {
  /// An act of the own node that the chain shows.
  public struct Act: Sendable, Hashable {
    public let duty: Duty
    public let epoch: UInt32
    public let block: UInt64

    public init(_ duty: Duty, epoch: UInt32, block: UInt64) {
      self.duty = duty
      self.epoch = epoch
      self.block = block
    }
  }

  public enum Finding: Sendable, Hashable {
    /// This journal signed it.
    case own
    /// It was done before the start: close the epoch.
    case earlier(Act)
    /// Somebody else has the key: stop.
    case doppelganger(Act)
  }

  /// The height of the chain when the process started, and its epoch.
  public let startBlock: UInt64
  public let startEpoch: UInt32
  /// Whether acts were seen that may be those of a signer who still runs.
  public private(set) var sawEarlierActs = false

  public init(startBlock: UInt64, startEpoch: UInt32) {
    self.startBlock = startBlock
    self.startEpoch = startEpoch
  }

  /// Judges an act.
  ///
  /// - Parameter duty: what the journal has of it; nil for nothing.
  public mutating func see(_ act: Act, journal duty: DutyRecord?) -> Finding {
    if duty?.signature != nil { return .own }
    guard act.block > startBlock else {
      // An act of the epoch before, or of this one, may be the last of a signer that goes on.
      if UInt64(act.epoch) + 1 >= UInt64(startEpoch) { sawEarlierActs = true }
      return .earlier(act)
    }
    return .doppelganger(act)
  }

  /// Whether an epoch may be signed in. If the key was in use right before the start, the start's epoch is only watched.
  public func maySign(in epoch: UInt32) -> Bool { !sawEarlierActs || epoch > startEpoch }
}
