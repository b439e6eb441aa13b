import DequeModule
import Foundation
import LibP2P
import NIOCore

/// The nonces of the last minutes. A value; time is given from outside.
///
/// It is the time that passes, not the time of day: a clock that is set an hour ahead must not have every nonce
/// forgotten, nor one that is set back have them kept until the ledger is full.
///
/// A peer may fill as much of the ledger as it leaves free: a greedy one gets half, two get a third each, and whoever
/// comes next always finds room. So a full ledger refuses the peers that fill it and no others.
struct NonceLedger: Sendable {
  /// For how long a nonce is remembered (mesh-wire.md §3.8); longer than any clock window lets it come again.
  static let lifetime = TimeAmount.seconds(180)
  /// Nonces remembered, by default: 40 bytes each.
  static let defaultCapacity = 1 << 20

  private struct Entry {
    let fingerprint: Int
    let peer: PeerID
    let end: NIODeadline
  }

  private let capacity: Int
  /// Keyed with a secret of the process and counted for each peer apart, so all that collisions could hurt is their
  /// maker.
  private var fingerprints: Set<Int> = []
  private var entries: Deque<Entry> = []
  private var held: [PeerID: Int] = [:]

  init(capacity: Int = Self.defaultCapacity) { self.capacity = capacity }

  /// Nonces remembered now.
  var count: Int { entries.count }

  /// Takes a nonce of a peer, of any length, for good.
  ///
  /// - Throws: ``Refusal`` `auth.replay` if it was taken, or if the peer holds all that it may.
  mutating func reserve(_ nonce: Data, of peer: PeerID, now: NIODeadline) throws(Refusal) {
    forget(before: now)
    var hasher = Hasher()
    hasher.combine(peer)
    hasher.combine(nonce.count)
    nonce.withUnsafeBytes { hasher.combine(bytes: $0) }
    let fingerprint = hasher.finalize()
    guard !fingerprints.contains(fingerprint) else { throw Refusal(.replay, "\(peer) repeats a request") }
    guard held[peer, default: 0] < capacity - count else {
      throw Refusal(.replay, "\(peer) sends more requests than can be told from repeated ones")
    }
    fingerprints.insert(fingerprint)
    held[peer, default: 0] += 1
    entries.append(Entry(fingerprint: fingerprint, peer: peer, end: now + Self.lifetime))
  }

  private mutating func forget(before now: NIODeadline) {
    while let oldest = entries.first, oldest.end <= now {
      entries.removeFirst()
      fingerprints.remove(oldest.fingerprint)
      held[oldest.peer] = held[oldest.peer].flatMap { $0 > 1 ? $0 - 1 : nil }
    }
  }
}
