#if DEBUG
  import Foundation
  @_spi(Testing) import Validator

  /// Where in its journal a daemon kills itself, so that tests can see what the next one makes of it. Only debug builds
  /// have this.
  struct CrashPoint: Hashable {
    /// Names the point in the environment; see ``init(_:)``.
    static let variable = "VALIDATORD_CRASH_AT"

    let arrow: DutyProgress.Arrow
    let moment: SubmissionJournal.Moment

    /// Reads `ARROW:MOMENT`, such as `sign:inside`.
    ///
    /// - Throws: ``CommandError`` `usage.crash-point`.
    init(_ text: String) throws(CommandError) {
      let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, let arrow = DutyProgress.Arrow(rawValue: parts[0]),
        let moment = SubmissionJournal.Moment(rawValue: parts[1])
      else {
        throw CommandError(
          "usage.crash-point", "\(Self.variable) names no step of the journal: \(text)",
          remedy: "Unset it, or set it to an arrow and a moment, such as sign:inside.")
      }
      (self.arrow, self.moment) = (arrow, moment)
    }

    /// The daemon's engine, which ends with the process at the point that the environment names.
    ///
    /// - Throws: ``CommandError`` `usage.crash-point`.
    static func engine(
      _ parts: ValidatorEngine.Parts, _ settings: ValidatorEngine.Settings
    ) throws(CommandError) -> ValidatorEngine {
      guard let text = ProcessInfo.processInfo.environment[variable] else { return ValidatorEngine(parts, settings) }
      let end = try CrashPoint(text)
      let journal = SubmissionJournal(parts.store) { arrow, moment in
        if (arrow, moment) == (end.arrow, end.moment) { kill(getpid(), SIGKILL) }
      }
      return ValidatorEngine(parts, settings, journal: journal)
    }
  }
#endif
