extension ExtrinsicError {
  /// What an endpoint's refusal of an extrinsic means; nil if the endpoint did not judge it.
  init?(refusal error: RPCError) {
    guard let server = error.server else { return nil }
    let reason = server.reason ?? server.message
    switch server.code {
    case 1010: self = Self.invalid(reason)
    case 1011: self.init(.invalid, "the runtime can't judge the extrinsic: \(reason)", remedy: "Try again later.")
    case 1014:
      self.init(
        .priorityTooLow, "the pool holds another extrinsic with this nonce and at least its priority",
        remedy: "Wait for that one, or sign again with a tip.")
    case 1001, 1002:
      self.init(
        .runtimeChanged, "the runtime can't read the extrinsic: \(reason)",
        remedy: "Read the metadata again and rebuild the call.")
    default: return nil
    }
  }

  /// By the texts that Substrate gives for invalid transactions.
  static func invalid(_ reason: String) -> ExtrinsicError {
    let text = reason.lowercased()
    if text.contains("pay some fees") || text == "payment" {
      return ExtrinsicError(
        .cannotPay, "the account can't pay the fee and keep the existential deposit",
        remedy: "Send it some TENSOR; a millionth is enough for many calls.")
    }
    if text.contains("outdated") || text == "stale" {
      return ExtrinsicError(.stale, "the nonce was used already", remedy: "Read the nonce again and sign anew.")
    }
    if text.contains("in the future") || text == "future" {
      return ExtrinsicError(
        .future, "the nonce is ahead of the account's", remedy: "Send what is missing before it.")
    }
    if text.contains("ancient birth block") || text == "ancientbirthblock" {
      return ExtrinsicError(.expired, "the extrinsic's era is over", remedy: "Sign anew.")
    }
    if text.contains("bad signature") || text == "badproof" {
      return ExtrinsicError(
        .badProof, "the signature does not fit the chain's state",
        remedy: "Mostly the era is over, or the block it starts from is on another fork: sign anew.")
    }
    return ExtrinsicError(.invalid, "the runtime refuses the extrinsic: \(reason)")
  }
}
