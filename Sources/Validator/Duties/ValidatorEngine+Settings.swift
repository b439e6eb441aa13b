extension ValidatorEngine {
  /// What a validator is told about the subnet and about itself.
  public struct Settings: Sendable, Hashable {
    public var timetable = EpochTimetable.standard
    public var challenge = ChallengeSettings()
    public var duties = DutySettings()
    public var retention = Retention()

    public init() {}
  }
}
