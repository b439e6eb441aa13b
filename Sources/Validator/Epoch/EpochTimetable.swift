/// When in an epoch hosters and validators do what. Source: spec/epoch.md §2.
public struct EpochTimetable: Sendable, Hashable {
  /// The published shares of the epoch.
  public static let standard = EpochTimetable(commitFrom: 15, commitUntil: 50, callUntil: 75, scoreUntil: 95)

  /// Percent of the epoch, ascending.
  public let commitFrom, commitUntil, callUntil, scoreUntil: UInt8

  /// - Returns: nil unless the shares ascend and end at 100 at most.
  public init?(checking commitFrom: Int, _ commitUntil: Int, _ callUntil: Int, _ scoreUntil: Int) {
    guard 0 <= commitFrom, commitFrom < commitUntil, commitUntil < callUntil, callUntil < scoreUntil, scoreUntil <= 100
    else { return nil }
    self.init(
      commitFrom: UInt8(commitFrom), commitUntil: UInt8(commitUntil), callUntil: UInt8(callUntil),
      scoreUntil: UInt8(scoreUntil))
  }

  private init(commitFrom: UInt8, commitUntil: UInt8, callUntil: UInt8, scoreUntil: UInt8) {
    self.commitFrom = commitFrom
    self.commitUntil = commitUntil
    self.callUntil = callUntil
    self.scoreUntil = scoreUntil
  }

  /// Hosters answer the tensor themselves and commit to the answer.
  public var commit: EpochWindow { EpochWindow(after: commitFrom, through: commitUntil) }
  /// Validators call the hosters.
  public var call: EpochWindow { EpochWindow(after: commitUntil, through: callUntil) }
  /// Validators write their scores; own-view scores are there as soon as all hosters were called.
  public var score: EpochWindow { EpochWindow(after: callUntil, through: scoreUntil) }

  /// Whether an epoch of so many blocks has a block for each window.
  public func fits(_ length: UInt64) -> Bool {
    [commit, call, score].allSatisfy { $0.places(of: length) != nil }
  }
}
