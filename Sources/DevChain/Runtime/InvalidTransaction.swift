import Substrate

/// Why an extrinsic is not let in: `TransactionValidityError::Invalid`.
enum InvalidTransaction: UInt8, Error, Hashable {
  case call, payment, future, stale, badProof, ancientBirthBlock, exhaustsResources

  /// The text that nodes send with error 1010.
  var reason: String {
    switch self {
    case .call: "Transaction call is not expected"
    case .payment: "Inability to pay some fees (e.g. account balance too low)"
    case .future: "Transaction will be valid in the future"
    case .stale: "Transaction is outdated"
    case .badProof: "Transaction has a bad signature"
    case .ancientBirthBlock: "Transaction has an ancient birth block"
    case .exhaustsResources: "Transaction would exhaust the block limits"
    }
  }
}

/// How an extrinsic ended that was let in, as `BlockBuilder_apply_extrinsic` gives it.
typealias ApplyResult = Result<DispatchResult, InvalidTransaction>
