public import Substrate

/// How far a duty is: the state machine of the submission journal, without I/O.
///
/// ```
/// planned → signed → sent ⇄ included → finalized
///    │         │       │        └ refused(reason)
///    │         └───────┴ expired / replaced / refused(reason)
///    └ missed(reason), also from signed
/// ```
/// Source: spec/epoch.md §8.
public struct DutyProgress: Sendable, Hashable {
  public enum State: Sendable, Hashable {
    /// It is to be done; nothing is signed.
    case planned
    /// The bytes are stored and have not left the process.
    case signed
    /// The bytes may have left the process.
    case sent
    /// In a block that may still be undone.
    case included(BlockReference)
    /// In a block that can't be undone, with the effect that was meant.
    case finalized(BlockReference)
    /// It can no longer be included.
    case expired
    /// Another extrinsic used its nonce.
    case replaced
    /// The chain does not take it, or it failed in a final block.
    case refused(String)
    /// It was not done.
    case missed(MissReason)
  }

  /// What happened.
  public enum Event: Sendable, Hashable {
    /// The bytes are in the same transaction as this.
    case sign
    /// The bytes are about to leave the process.
    case send
    case include(BlockReference)
    /// The block it was in was abandoned.
    case retract
    case finalize(BlockReference)
    case expire
    case replace
    /// With an error's name or code.
    case refuse(String)
    case miss(MissReason)
  }

  /// A step from one state to another, each a transaction of its own.
  public enum Arrow: String, Sendable, Hashable, CaseIterable {
    case plan, sign, send, include, retract, finalize, expire, replace, refuse, miss
  }

  public private(set) var state: State

  /// A duty that is to be done.
  public init() { state = .planned }

  /// A duty as it was stored.
  init(_ state: State) { self.state = state }

  /// Whether nothing can happen any more.
  public var isDone: Bool {
    switch state {
    case .planned, .signed, .sent, .included: false
    case .finalized, .expired, .replaced, .refused, .missed: true
    }
  }

  /// What there is to do, also after a restart.
  public enum Step: Sendable, Hashable {
    /// Decide, and sign or miss it.
    case decide
    /// Send the stored bytes, unchanged.
    case send
    /// Look for the stored bytes in blocks, and send them again while they may not have been taken.
    case follow
    case nothing
  }

  public var next: Step {
    switch state {
    case .planned: .decide
    case .signed: .send
    case .sent, .included: .follow
    case .finalized, .expired, .replaced, .refused, .missed: .nothing
    }
  }

  /// Takes in what happened.
  ///
  /// - Returns: nil if it was known already: sending again, or being found in the same block again.
  /// - Throws: ``ProtectionError`` `journal.arrow` for what can't follow.
  public mutating func apply(_ event: Event) throws(ProtectionError) -> Arrow? {
    switch (state, event) {
    case (.planned, .sign): return step(.sign, .signed)
    case (.planned, .miss(let reason)), (.signed, .miss(let reason)): return step(.miss, .missed(reason))
    case (.signed, .send): return step(.send, .sent)
    case (.sent, .send): return nil
    case (.included(let known), .include(let block)) where known == block: return nil
    case (.sent, .include(let block)), (.included, .include(let block)): return step(.include, .included(block))
    case (.included, .retract): return step(.retract, .sent)
    case (.sent, .retract): return nil
    case (.included, .finalize(let block)): return step(.finalize, .finalized(block))
    case (.finalized(let known), .finalize(let block)) where known == block: return nil
    case (.signed, .expire), (.sent, .expire): return step(.expire, .expired)
    case (.signed, .replace), (.sent, .replace): return step(.replace, .replaced)
    case (.signed, .refuse(let reason)), (.sent, .refuse(let reason)), (.included, .refuse(let reason)):
      return step(.refuse, .refused(reason))
    default:
      throw ProtectionError(.arrow, "a duty that is \(state.name) can't go on with \(event.name)")
    }
  }

  private mutating func step(_ arrow: Arrow, _ next: State) -> Arrow {
    state = next
    return arrow
  }
}

extension DutyProgress.State {
  /// The state in the database and for people.
  public var name: String {
    switch self {
    case .planned: "planned"
    case .signed: "signed"
    case .sent: "sent"
    case .included: "included"
    case .finalized: "finalized"
    case .expired: "expired"
    case .replaced: "replaced"
    case .refused: "refused"
    case .missed: "missed"
    }
  }

  /// Why it was refused or missed.
  public var reason: String? {
    switch self {
    case .refused(let reason): reason
    case .missed(let reason): reason.rawValue
    default: nil
    }
  }

  /// The block that the extrinsic is in.
  public var block: BlockReference? {
    switch self {
    case .included(let block), .finalized(let block): block
    default: nil
    }
  }
}

extension DutyProgress.Event {
  /// The step that it is.
  var arrow: DutyProgress.Arrow {
    switch self {
    case .sign: .sign
    case .send: .send
    case .include: .include
    case .retract: .retract
    case .finalize: .finalize
    case .expire: .expire
    case .replace: .replace
    case .refuse: .refuse
    case .miss: .miss
    }
  }

  var name: String { arrow.rawValue }
}
