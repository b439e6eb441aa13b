import Substrate

/// `author_*` and `payment_*`: extrinsics.
extension DevChainNode {
  static let authorMethods: [String: Method] = [
    "author_submitExtrinsic": { node, parameters, _ throws(RPCFailure) in
      JSONValue(hex: try node.submit(parameters.hex(0), watcher: nil))
    },
    "author_submitAndWatchExtrinsic": { node, parameters, connection throws(RPCFailure) in
      let bytes = try parameters.hex(0)
      let watcher = try node.subscribe(.extrinsic, connection)
      do throws(RPCFailure) {
        _ = try node.submit(bytes, watcher: watcher)
      } catch {
        _ = node.subscriptions.remove(watcher)
        throw error
      }
      node.postpone([.send(watcher.connection, Subscriptions.notification(watcher, .extrinsic, "ready"))])
      return .string(watcher.id)
    },
    "author_unwatchExtrinsic": { node, parameters, connection throws(RPCFailure) in
      try node.unsubscribe(parameters, connection)
    },
    "author_pendingExtrinsics": { node, _, _ throws(RPCFailure) in
      .array(node.chain.pool.all.map { JSONValue(hex: $0.bytes) })
    },
    "payment_queryInfo": { node, parameters, _ throws(RPCFailure) in
      let fee = try node.fee(parameters)
      return [
        "weight": ["ref_time": JSONValue(fee.weight.time.value), "proof_size": JSONValue(fee.weight.proof.value)],
        "class": "normal", "partialFee": .string("\(fee.fee)"),
      ]
    },
    "payment_queryFeeDetails": { node, parameters, _ throws(RPCFailure) in
      let fee = try node.fee(parameters)
      func hex(_ number: some BinaryInteger) -> JSONValue { .string("0x" + String(number, radix: 16)) }
      return [
        "inclusionFee": [
          "baseFee": hex(TransactionPayment.baseWeight),
          "lenFee": hex(fee.fee - UInt128(TransactionPayment.baseWeight) - UInt128(fee.weight.time.value)),
          "adjustedWeightFee": hex(fee.weight.time.value),
        ]
      ]
    },
    "system_dryRun": { node, parameters, _ throws(RPCFailure) in
      let bytes = try parameters.hex(0)
      let state = try node.state(at: parameters.block(1))
      return JSONValue(hex: node.dryRun(bytes, on: state).encoded)
    },
  ]

  /// Takes an extrinsic into the pool.
  ///
  /// - Returns: its hash.
  private mutating func submit(_ bytes: [UInt8], watcher: SubscriptionID?) throws(RPCFailure) -> [UInt8] {
    var reader = ScaleReader(bytes)
    guard let length = try? reader.readCompact(), length == UInt128(reader.remaining), length > 0 else {
      throw RPCFailure(1001, "Extrinsic has invalid format: Could not decode OpaqueExtrinsic")
    }
    if faults.take(\.reject) { throw .invalidTransaction(.payment) }
    let hash = Blake2b.hash256(bytes)
    guard chain.pool[hash] == nil else { throw RPCFailure(.alreadyImported, hash: hash) }
    guard let transaction = try? SignedTransaction(bytes) else {
      throw RPCFailure(
        1002, "Verification Error: Runtime error: Execution failed: Could not decode the extrinsic",
        "RuntimeApi(\"Execution failed: Could not decode the extrinsic\")")
    }
    if faults.refused.contains(transaction.signer) { throw .invalidTransaction(.payment) }
    do throws(InvalidTransaction) { try chain.judge(transaction) } catch { throw .invalidTransaction(error) }
    do throws(TransactionPool.Refusal) {
      if let usurped = try chain.pool.insert(bytes, transaction, watcher: watcher) {
        postpone(tell([usurped], ["usurped": JSONValue(hex: hash)], isLast: true))
      }
    } catch {
      throw RPCFailure(error, hash: hash)
    }
    return hash
  }

  private mutating func fee(_ parameters: RPCParameters) throws(RPCFailure) -> FeeInfo {
    let bytes = try parameters.hex(0)
    _ = try known(parameters.block(1))
    guard (try? SignedTransaction(bytes)) != nil else {
      throw RPCFailure(1, "Unable to query dispatch info.", "Could not decode the extrinsic")
    }
    return FeeInfo(Extrinsic(bytes), length: UInt32(clamping: bytes.count))
  }

  /// How an extrinsic would end in the block after `state`.
  private func dryRun(_ bytes: [UInt8], on state: Runtime) -> ApplyOutcome {
    guard let transaction = try? SignedTransaction(bytes) else { return ApplyOutcome(.failure(.call)) }
    var state = state
    state.initialize(block: state.block + 1, parent: H256(chain.head.hash.bytes))
    return ApplyOutcome(state.apply(transaction, height: state.block))
  }
}
