/// The verdicts of one validator for an epoch, in the form in which it commits to and reveals them.
///
/// Header of ``Statement`` with the tag "validatord/verdicts/1" ‖ count (u32 LE) ‖ for each: subnet node id (u32 LE) ‖
/// probe (u16 LE) ‖ verdict (1 byte, its place in spec/epoch.md §5 from 0), ascending by node, then probe.
public struct VerdictBallot: Sendable, Hashable {
  public struct Entry: Sendable, Hashable {
    public let subnetNodeID: UInt32
    public let probe: UInt16
    public let verdict: Verdict

    public init(subnetNodeID: UInt32, probe: UInt16, verdict: Verdict) {
      self.subnetNodeID = subnetNodeID
      self.probe = probe
      self.verdict = verdict
    }
  }

  /// The most verdicts of one ballot: 1,000 nodes, 64 probes.
  public static let maximumEntries = 64_000
  private static let tag = "validatord/verdicts/1"
  private static let entrySize = 7

  public let statement: Statement
  /// By subnet node id and probe, each pair once.
  public let entries: [Entry]

  public init(_ statement: Statement, _ judgements: [Judgement]) {
    self.statement = statement
    var seen: Set<[UInt32]> = []
    entries = judgements.sorted { ($0.subnetNodeID, $0.probe) < ($1.subnetNodeID, $1.probe) }
      .filter { seen.insert([$0.subnetNodeID, UInt32($0.probe)]).inserted }.prefix(Self.maximumEntries)
      .map { Entry(subnetNodeID: $0.subnetNodeID, probe: $0.probe, verdict: $0.verdict) }
  }

  /// Reads what somebody revealed.
  ///
  /// - Parameter statement: whom and which epoch it has to be of.
  /// - Throws: ``ScoringError`` `scoring.malformed` for anything but the one encoding of a ballot of that statement.
  public init(_ payload: [UInt8], expecting statement: Statement) throws {
    func malformed(_ what: String) -> ScoringError { ScoringError(.malformed, "a ballot \(what)") }
    let header = statement.header(Self.tag)
    guard payload.starts(with: header), payload.count >= header.count + 4 else {
      throw malformed("is of another node, epoch or subnet")
    }
    let count = Int(Self.number(payload[header.count..<header.count + 4]))
    let body = payload[(header.count + 4)...]
    guard count <= Self.maximumEntries, body.count == count * Self.entrySize else {
      throw malformed("has \(body.count) bytes for \(count) verdicts")
    }
    var entries: [Entry] = []
    entries.reserveCapacity(count)
    var previous: (UInt32, UInt16)?
    for at in stride(from: body.startIndex, to: body.endIndex, by: Self.entrySize) {
      let id = Self.number(body[at..<at + 4])
      let probe = UInt16(truncatingIfNeeded: Self.number(body[at + 4..<at + 6]))
      guard let verdict = Verdict(ordinal: body[at + 6]) else { throw malformed("has an unknown verdict") }
      if let previous, previous >= (id, probe) { throw malformed("is not in order") }
      previous = (id, probe)
      entries.append(Entry(subnetNodeID: id, probe: probe, verdict: verdict))
    }
    self.statement = statement
    self.entries = entries
  }

  public var payload: [UInt8] {
    entries.reduce(into: statement.header(Self.tag) + littleEndian(UInt32(clamping: entries.count))) { bytes, entry in
      bytes += littleEndian(entry.subnetNodeID) + littleEndian(entry.probe)
      bytes.append(entry.verdict.ordinal)
    }
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }
}
