import Foundation
import Substrate

@testable import DevChain
@testable import Validator

/// What befalls one validator of a simulated chain, so that its journal comes to the arrows of bad days.
enum Misfortune: String, Sendable {
  /// Nothing: its duties are done.
  case none
  /// The block with its extrinsic is undone, once in each epoch.
  case reorganised
  /// No block takes its extrinsics until their time is over.
  case withheld
  /// Another extrinsic with its key takes the nonce.
  case usurped
  /// The network is paused between the trial run and the block, so that the call fails there.
  case failed
  /// The pool refuses its extrinsics.
  case refused
  /// The others' proposals are in no block, so there is nothing to attest to.
  case unproposed
}

/// Brings misfortunes over a node while time runs on its chain.
struct Fate: Sendable {
  let subnet: EngineSubnet
  let node: UInt32
  let key: AccountKey
  /// The node's database.
  let database: String
  /// The others that have a say.
  let others: [AccountID]

  private static let pause = Duration.milliseconds(15)
  private var account: AccountID { key.accountID }

  /// Goes on until the task is cancelled.
  func bring(_ misfortune: Misfortune) async throws {
    switch misfortune {
    case .none: break
    case .withheld: try await subnet.chain.setFaults(Self.withholding([account]))
    case .unproposed: try await subnet.chain.setFaults(Self.withholding(others))
    case .refused:
      var faults = Faults()
      faults.refused = [account]
      try await subnet.chain.setFaults(faults)
    case .reorganised: try await reorganise()
    case .usurped: try await meetInPool { try await usurp($0) }
    case .failed:
      try await meetInPool { nonce in
        try await subnet.set(Network.items.txPause().key, [1])
        try await subnet.chain.setFaults(Faults())
        try await use(of: nonce)
        try await subnet.set(Network.items.txPause().key, nil)
      }
    }
  }

  /// All is well again, also with the reputations that it cost.
  func relent() async throws {
    try await subnet.chain.setFaults(Faults())
    try await subnet.set(Network.items.txPause().key, nil)
    try await subnet.set(Network.items.subnetReputation(EngineSubnet.subnetID).key, Self.full)
    for node in 1...5 as ClosedRange<UInt32> {
      try await subnet.set(Network.items.subnetNodeReputation(EngineSubnet.subnetID, node).key, Self.full)
    }
  }

  private static let full = FixedPoint.one.encoded

  private static func withholding(_ accounts: [AccountID]) -> Faults {
    var faults = Faults()
    faults.withheld = Set(accounts)
    return faults
  }

  /// Takes back the block in which a duty of the node is, once the node has seen it there; each duty once.
  private func reorganise() async throws {
    let store = try Store.openReadOnly(database)
    defer { try? store.close() }
    var undone: Set<DutyKey> = []
    while true {
      try await Task.sleep(for: Self.pause)
      for duty in try await SubmissionJournal(store).unfinished() where !undone.contains(duty.key) {
        guard case .included(let block) = duty.state else { continue }
        let head = try BlockHeader(json: await subnet.client.rpc.call("chain_getHeader", [], timeout: nil)).number
        guard head >= block.number else { continue }
        try await subnet.chain.retractBlocks(Int(head - block.number) + 1)
        undone.insert(duty.key)
      }
    }
  }

  /// Holds the node's extrinsics back, and tells of the nonce of each duty that waits in the pool.
  private func meetInPool(_ body: (UInt32) async throws -> Void) async throws {
    while true {
      try await subnet.chain.setFaults(Self.withholding([account]))
      let metadata = try await subnet.client.best().metadata()
      var waiting: UInt32?
      while waiting == nil {
        try await Task.sleep(for: Self.pause)
        let pending = try await subnet.client.rpc.call("author_pendingExtrinsics", [], timeout: nil).arrayValue ?? []
        waiting = try pending.compactMap(\.hexBytes).map { try DecodedExtrinsic($0, metadata: metadata) }
          .first { $0.signature?.signer == account && $0.name.pallet == "Network" }?.signature?.nonce
      }
      if let waiting { try await body(waiting) }
    }
  }

  private func usurp(_ nonce: UInt32) async throws {
    let call = HypertensorCall.transfer(to: others[0], amount: 1000)
    let context = try await subnet.client.signingContext(for: account, nonce: nonce, tip: 1_000_000)
    try await subnet.client.submit(try context.sign(call, with: Signer(key, allowing: [call.name])))
    try await subnet.chain.setFaults(Faults())
    try await use(of: nonce)
  }

  /// Waits until the nonce is used.
  private func use(of nonce: UInt32) async throws {
    while try await subnet.client.best().account(account).nonce <= nonce { try await Task.sleep(for: Self.pause) }
  }
}
