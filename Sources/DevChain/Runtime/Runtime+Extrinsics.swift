import Substrate

/// Letting extrinsics in, paying for them, and carrying them out.
extension Runtime {
  /// Judges an extrinsic as it would stand in the block after the newest one, or in the one that is being built.
  ///
  /// - Parameters:
  ///   - height: the number of the block that would hold it.
  ///   - parent: the hash of the block before that, where the state does not know it yet.
  /// - Throws: ``InvalidTransaction``, `future` for a nonce that is not due yet.
  func check(
    _ transaction: SignedTransaction, height: UInt32, parent: H256? = nil
  ) throws(InvalidTransaction) {
    guard transaction.signer != .zero else { throw .badProof }
    let birthHash = try birthHash(of: transaction.era, height: height, parent: parent)
    guard transaction.isSigned(genesis: genesis, birth: birthHash, specVersion: parameters.specVersion) else {
      throw .badProof
    }
    let nonce = storage[System.items.account(transaction.signer)].nonce
    guard transaction.nonce >= nonce else { throw .stale }
    try checkPayment(transaction)
    guard transaction.nonce == nonce else { throw .future }
  }

  private func birthHash(of era: Era, height: UInt32, parent: H256?) throws(InvalidTransaction) -> H256 {
    let number = UInt32(clamping: era.birth(at: UInt64(height)))
    if era == .immortal || number == 0 { return genesis }
    if let parent, number + 1 == height { return parent }
    guard let hash = storage.stored(System.items.blockHash(BlockNumber(number))) else { throw .ancientBirthBlock }
    return hash
  }

  private func checkPayment(_ transaction: SignedTransaction) throws(InvalidTransaction) {
    let cost = fee(of: transaction).saturatingAdding(transaction.tip)
    let account = storage[System.items.account(transaction.signer)]
    guard account.providers > 0,
      account.data.free >= cost.saturatingAdding(RuntimeParameters.existentialDeposit)
    else { throw .payment }
  }

  func fee(of transaction: SignedTransaction) -> UInt128 {
    TransactionPayment.fee(length: transaction.length, weight: transaction.call.declaration.weight)
  }

  /// Carries an extrinsic out: as a whole, or, if its call fails, only its fee and nonce.
  mutating func apply(_ transaction: SignedTransaction, height: UInt32) -> ApplyResult {
    do throws(InvalidTransaction) {
      try check(transaction, height: height)
    } catch {
      return .failure(error)
    }
    let fee = fee(of: transaction)
    let cost = fee.saturatingAdding(transaction.tip)
    let signer = transaction.signer
    do throws(TokenError) {
      try takeOut(signer, cost)
    } catch {
      return .failure(.payment)
    }
    var account = storage[System.items.account(signer)]
    account.nonce = account.nonce &+ 1
    storage[System.items.account(signer)] = account

    isFree = false
    let result = DispatchResult { () throws(DispatchError) in
      try transaction.call.dispatch(&self, .signed(signer))
    }
    let isFree = isFree && result.error == nil
    refund(signer, isFree ? cost : 0)
    let paid = isFree ? 0 : cost
    deposit(
      TransactionPayment.index,
      TransactionPayment.events.transactionFeePaid(signer, paid, isFree ? 0 : transaction.tip))
    tell(result, weight: transaction.call.declaration.weight, .normal, pays: isFree ? .no : .yes)
    nextExtrinsic()
    return .success(result)
  }

  /// Gives a fee back. The event is deposited even for nothing.
  private mutating func refund(_ account: AccountID, _ amount: UInt128) {
    if amount > 0 {
      storage[Balances.items.totalIssuance()] = storage[Balances.items.totalIssuance()].saturatingAdding(amount)
      setBalance(of: account, balance(of: account).saturatingAdding(amount))
    }
    deposit(Balances.index, Balances.events.deposit(account, amount))
  }

  /// Carries out what the block's author puts in: the time.
  mutating func applyTimestamp(_ milliseconds: UInt64) {
    let result = DispatchResult { () throws(DispatchError) in
      do {
        try Timestamp.set(&self, .inherent, Compact(milliseconds))
      } catch {
        throw DispatchError(error)
      }
    }
    tell(result, weight: 160_560_000, .mandatory, pays: .yes)
    nextExtrinsic()
  }

  private mutating func tell(_ result: DispatchResult, weight: UInt64, _ kind: DispatchClass, pays: Pays) {
    var info = DispatchInfo()
    info.weight.time.value = TransactionPayment.baseWeight + weight
    info.kind = kind
    info.pays = pays
    if let error = result.error {
      deposit(System.index, System.events.extrinsicFailed(error, info))
    } else {
      deposit(System.index, System.events.extrinsicSuccess(info))
    }
  }

  private mutating func nextExtrinsic() {
    if case .extrinsic(let index) = phase { phase = .extrinsic(index + 1) }
  }
}
