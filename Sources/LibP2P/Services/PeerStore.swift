public import NIOCore
import Synchronization

/// What this node knows of peers, shared by the services: where they may be reached, and what those that are
/// connected said about themselves.
public final class PeerStore: Sendable {
  /// Identities kept beyond those of connected peers, until they are looked through.
  static let spareIdentities = 64

  private struct State {
    var book = AddressBook()
    /// Of connected peers only, so that connections bound it.
    var identified: [PeerID: IdentifyMessage] = [:]
  }

  private let state = Mutex(State())

  /// A store that knows nobody.
  public init() {}

  /// Notes addresses of `peer`.
  public func add(_ addresses: [Multiaddr], of peer: PeerID, from source: AddressBook.Source, now: NIODeadline = .now())
  {
    state.withLock { $0.book.add(addresses.compactMap(\.withoutPeer), of: peer, from: source, now: now) }
  }

  /// Where `peer` may be reached; what is known longest to hold comes first.
  public func addresses(of peer: PeerID, now: NIODeadline = .now()) -> [Multiaddr] {
    state.withLock { $0.book.addresses(of: peer, now: now) }
  }

  /// Drops the addresses that others named, because none of them answered.
  public func unreachable(_ peer: PeerID) {
    state.withLock { $0.book.forgetLearned(of: peer) }
  }

  /// What a connected peer said about itself, once it has.
  public func identity(of peer: PeerID) -> IdentifyMessage? {
    state.withLock { $0.identified[peer] }
  }

  /// Takes over what `peer` said across a connection to `remote`. A push may leave parts out; those stay as they were.
  func take(_ message: IdentifyMessage, of peer: PeerID, at remote: Multiaddr, now: NIODeadline) -> IdentifyMessage {
    state.withLock { state in
      let merged = state.identified[peer].map { message.completed(by: $0) } ?? message
      state.identified[peer] = merged
      if let record = message.record {
        state.book.take(record, across: remote, now: now)
      } else {
        let usable = message.listenAddresses.filter { AddressBook.isUsable($0, across: remote) }
        state.book.add(usable, of: peer, from: .peer, now: now)
      }
      return merged
    }
  }

  func disconnected(_ peer: PeerID) {
    state.withLock { $0.identified[peer] = nil }
  }

  /// Forgets who others are once there are clearly more of them than of `connected` peers.
  func forgetIdentities(exceptOf connected: [PeerID]) {
    state.withLock { state in
      guard state.identified.count > connected.count + Self.spareIdentities else { return }
      let connected = Set(connected)
      state.identified = state.identified.filter { connected.contains($0.key) }
    }
  }
}
