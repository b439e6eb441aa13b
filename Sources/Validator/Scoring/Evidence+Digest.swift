import Crypto

extension Evidence {
  /// SHA-256 of the evidence in its canonical form, which docs/scoring.md gives byte by byte.
  ///
  /// Two validators with equal digests have equal scores under one policy.
  public var digest: Digest32 {
    var bytes = Array("validatord/evidence/1".utf8)
    bytes += littleEndian(epoch) + littleEndian(UInt32(clamping: members.count))
    for member in members {
      bytes += littleEndian(member.subnetNodeID)
      bytes.append(member.standing.ordinal)
      bytes += littleEndian(UInt16(clamping: member.outcomes.count))
      for (probe, outcome) in member.outcomes.sorted(by: { $0.key < $1.key }) {
        bytes += littleEndian(probe)
        bytes.append(outcome.verdict.ordinal)
        let reason = Array(outcome.reason.rawValue.utf8)
        bytes += [UInt8(clamping: reason.count)] + reason
        bytes += outcome.answer.map { [1] + $0.digest.bytes } ?? [0]
      }
    }
    bytes += littleEndian(UInt32(clamping: reports.count))
    for report in reports {
      bytes += littleEndian(report.subnetNodeID) + littleEndian(UInt32(clamping: report.scores.count))
      for (id, score) in report.scores.sorted(by: { $0.key < $1.key }) {
        bytes += littleEndian(id) + littleEndian(score)
      }
    }
    return .sha256(bytes)
  }
}

extension Verdict {
  /// Its number in canonical forms: the place in spec/epoch.md §5, from 0.
  var ordinal: UInt8 {
    switch self {
    case .accepted: 0
    case .rejected: 1
    case .refused: 2
    case .absent: 3
    case .crashed: 4
    case .inconclusive: 5
    }
  }

  init?(ordinal: UInt8) {
    guard let verdict = Self.allCases.first(where: { $0.ordinal == ordinal }) else { return nil }
    self = verdict
  }
}

extension EpochNode.Standing {
  var ordinal: UInt8 {
    switch self {
    case .hoster: 0
    case .validator: 1
    case .own: 2
    }
  }
}
