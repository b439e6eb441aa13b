import NIOCore
import NIOEmbedded
import Testing

@testable import LibP2P

@Suite("Connection table")
struct ConnectionTableTests {
  private let own: PeerID
  private let other: PeerID

  init() throws {
    let ids = try [PrivateKey.generate(.ed25519).peerID, PrivateKey.generate(.ed25519).peerID].sorted()
    (own, other) = (ids[0], ids[1])
  }

  private func connection(
    _ id: UInt64, _ peer: PeerID, _ direction: Direction, at now: NIODeadline = .start
  ) throws -> P2PConnection {
    P2PConnection(
      id: id, peer: peer, direction: direction, remoteAddress: try Multiaddr("/ip4/192.0.2.1/tcp/1"),
      localAddress: nil, security: "/noise", mailbox: ConnectionMailbox(eventLoop: EmbeddedEventLoop()),
      resources: ResourceManager(limits: ResourceLimits()), now: now)
  }

  @Test("Of a simultaneous dial the connection stays that the smaller id dialed, whichever came first")
  func simultaneousDial() throws {
    for dialedFirst in [true, false] {
      var table = ConnectionTable(ownID: own)
      let dialed = try connection(1, other, .outbound)
      let accepted = try connection(2, other, .inbound)
      let (first, second) = dialedFirst ? (dialed, accepted) : (accepted, dialed)
      #expect(table.add(first) == nil)
      #expect(table.add(second)?.id == accepted.id)
      var far = ConnectionTable(ownID: other)
      _ = far.add(try connection(3, own, .inbound))
      let loser = far.add(try connection(4, own, .outbound))
      #expect(loser?.id == 4)
    }
  }

  @Test("A later connection is a fresh one, not a duplicate: it carries new streams and nothing yields")
  func laterConnection() throws {
    var table = ConnectionTable(ownID: own)
    _ = table.add(try connection(1, other, .outbound))
    let later = try connection(2, other, .inbound, at: .start + .seconds(60))
    #expect(table.add(later) == nil)
    #expect(table.best(for: other)?.id == 2)
    later.retire()
    #expect(table.best(for: other)?.id == 1)
    let wasLast = table.remove(later)
    #expect(!wasLast)
    #expect(table[other].map(\.id) == [1])
    #expect(table.count == 1)
  }

  @Test("Trimming closes the longest unused, but nothing young, busy or protected")
  func trimming() throws {
    var table = ConnectionTable(ownID: own)
    let now = NIODeadline.start + .seconds(1_000)
    var peers: [PeerID] = []
    for index in 0..<6 {
      let peer = try PrivateKey.generate(.ed25519).peerID
      peers.append(peer)
      let age = index == 5 ? Int64(1) : Int64(900 - index)
      let connection = try connection(UInt64(index), peer, .inbound, at: now - .seconds(age))
      if index == 1 { connection.streamOpened(.inbound, now: connection.established) }
      _ = table.add(connection)
    }
    table.protect(peers[0], "validator")
    table.protect(peers[0], "bootstrap")
    table.unprotect(peers[0], "bootstrap")
    #expect(table.isProtected(peers[0]))
    func trimmed(_ low: Int, _ high: Int) -> [UInt64] {
      table.trimmed(low: low, high: high, grace: .seconds(20), now: now).map(\.id)
    }
    #expect(trimmed(4, 6) == [])
    #expect(trimmed(4, 5) == [2, 3])
    #expect(trimmed(0, 5) == [2, 3, 4])
    table.unprotect(peers[0], "validator")
    #expect(trimmed(4, 5) == [0, 2])
  }
}
