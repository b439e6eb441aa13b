/// What a validator saw of one call to one hoster. Source: spec/epoch.md §5.
public struct Observation: Sendable, Hashable {
  public let epoch: UInt32
  public let subnetNodeID: UInt32
  /// Which of the epoch's tensors was asked, from 0.
  public let probe: UInt16
  /// Counted from 1. The last attempt is the one that is judged.
  public let attempt: UInt8
  /// The peer that authenticated itself, or that was to be reached.
  public let peerID: String
  public let requestDigest: Digest32
  /// `accepted` means here that it was answered and authenticated; whether it is right, scoring finds out.
  public let verdict: Verdict
  public let reason: VerdictReason
  /// Text of the hoster or of the network, for people; cut to ``detailLimit`` characters and escaped.
  public let detail: String?
  public let answer: AnswerDigest?
  public let tokenCount: UInt32
  /// Microseconds until the first message; nil if none came.
  public let firstMessage: UInt64?
  /// Microseconds until the call ended.
  public let total: UInt64
  /// The best block when the call ended.
  public let block: UInt64

  /// The most characters of ``detail``.
  public static let detailLimit = 256

  public init(
    epoch: UInt32, subnetNodeID: UInt32, probe: UInt16, attempt: UInt8 = 1, peerID: String, requestDigest: Digest32,
    verdict: Verdict, reason: VerdictReason, detail: String? = nil, answer: AnswerDigest? = nil, tokenCount: UInt32 = 0,
    firstMessage: UInt64? = nil, total: UInt64, block: UInt64
  ) {
    self.epoch = epoch
    self.subnetNodeID = subnetNodeID
    self.probe = probe
    self.attempt = max(1, attempt)
    self.peerID = peerID
    self.requestDigest = requestDigest
    self.verdict = verdict
    self.reason = reason
    self.detail = detail?.boundedDetail
    self.answer = answer
    self.tokenCount = tokenCount
    self.firstMessage = firstMessage
    self.total = total
    self.block = block
  }
}

/// An answer by its digest, and the answer itself as long as it is kept.
public struct AnswerDigest: Sendable, Hashable {
  public let digest: Digest32
  public let answer: Answer?

  public init(_ answer: Answer) {
    digest = answer.digest
    self.answer = answer
  }

  init(digest: Digest32, answer: Answer?) {
    self.digest = digest
    self.answer = answer
  }
}

extension String {
  /// Foreign text, cut and made fit for a terminal and the database: printable ASCII, the rest as `\u{…}`.
  ///
  /// What was made so once stays as it is.
  var boundedDetail: String {
    var text = ""
    for scalar in unicodeScalars.prefix(Observation.detailLimit) {
      text +=
        (0x20..<0x7f).contains(scalar.value)
        ? String(scalar) : "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
    }
    return String(text.prefix(Observation.detailLimit))
  }
}
