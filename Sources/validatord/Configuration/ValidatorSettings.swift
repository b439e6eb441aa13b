import Substrate

/// `validator.*`: how hosters are asked and judged, and what is put on chain.
struct ValidatorSettings: Sendable, Hashable {
  /// How answers become scores.
  enum Scoring: String, Sendable, CaseIterable {
    case agreement, distance
    case meanDistance = "mean-distance"
  }

  /// Which proposals are attested.
  enum Attest: String, Sendable, CaseIterable {
    /// Those that are equal to the own scores.
    case exact
    /// Those whose scores are near the own ones.
    case tolerant
  }

  /// Distances from the median, in 10^-9.
  struct Distances: Sendable, Hashable {
    /// Up to it the full score is given.
    let lowest: UInt64
    /// From it on nothing is.
    let highest: UInt64
  }

  let scoring: Scoring
  /// What nodes get that are not called, out of 10^18.
  let unprobedScore: UInt64
  let distances: Distances
  /// Of an answer that is no token ids.
  let maximumElements: Int
  let attest: Attest
  /// How far each score may be from the own one, in parts of 10^18; zero unless ``attest`` is tolerant.
  let tolerance: UInt64
  let attempts: Int
  let callTimeout: Duration
  let concurrency: Int
  let probes: Int
  /// In percent of the epoch.
  let proposeUntil: Int

  init?(_ reader: inout SettingsReader) {
    let scoring = reader.value(Settings.validatorScoring)
    let unprobedScore = reader.value(Settings.validatorUnprobedScore)
    let lowest = reader.value(Settings.validatorDistanceLowest)
    let highest = reader.value(Settings.validatorDistanceHighest)
    let maximumElements = reader.value(Settings.validatorMaxElements)
    let attest = reader.value(Settings.validatorAttest)
    let tolerance = reader.value(Settings.validatorTolerance)
    let attempts = reader.value(Settings.validatorAttempts)
    let callTimeout = reader.value(Settings.validatorCallTimeout)
    let concurrency = reader.value(Settings.validatorConcurrency)
    let probes = reader.value(Settings.validatorProbes)
    let proposeUntil = reader.value(Settings.validatorProposeUntil)
    guard let scoring, let unprobedScore, let lowest, let highest, let maximumElements, let attest, let tolerance,
      let attempts, let callTimeout, let concurrency, let probes,
      let proposeUntil
    else { return nil }
    if attest == .exact, tolerance > 0 {
      reader.report(Settings.validatorTolerance.entry, "has no effect unless validator.attest is tolerant")
    }
    let parameters: [(entry: SettingEntry, policies: [Scoring])] = [
      (Settings.validatorUnprobedScore.entry, [.agreement, .distance]),
      (Settings.validatorDistanceLowest.entry, [.distance]),
      (Settings.validatorDistanceHighest.entry, [.distance]),
    ]
    for (entry, policies) in parameters where !policies.contains(scoring) && reader.isGiven(entry) {
      reader.report(entry, "has no effect with validator.scoring \(scoring.rawValue)")
    }
    if lowest >= highest {
      reader.report(Settings.validatorDistanceLowest.entry, "is not below validator.distance-highest")
    }
    (self.unprobedScore, self.distances, self.maximumElements) = (
      unprobedScore, Distances(lowest: lowest, highest: highest), maximumElements
    )
    (self.scoring, self.attest, self.tolerance) = (scoring, attest, tolerance)
    (self.attempts, self.callTimeout, self.concurrency) = (attempts, callTimeout, concurrency)
    (self.probes, self.proposeUntil) = (probes, proposeUntil)
  }

  /// The parameters of the scoring policy (docs/scoring.md).
  var policyParameters: JSONValue {
    let unprobed = JSONValue.string("\(unprobedScore)")
    return switch scoring {
    case .agreement: ["unprobed-score": unprobed]
    case .distance:
      [
        "unprobed-score": unprobed, "lowest": .string("\(distances.lowest)"),
        "highest": .string("\(distances.highest)"),
      ]
    case .meanDistance: [:]
    }
  }
}
