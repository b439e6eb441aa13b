import Crypto
import NIOCore
import SwiftProtobuf
import Testing

@testable import LibP2P

@Suite("Kademlia messages and keys")
struct KademliaMessageTests {
  private struct Routing: Decodable {
    struct FindNode: Decodable {
      let request: Hex
      let response: Hex
    }
    let findNode: FindNode
  }

  private struct Cases: Decodable {
    struct Case: Decodable {
      struct Decoded: Decodable {
        struct Peer: Decodable {
          let id: String
          let addrs: [String]
        }
        let type: Int?
        let closer: [Peer]?
        let providers: [String]?
      }
      let `case`: String
      let requestFramedHex: Hex
      let responseHex: Hex
      let decoded: Decoded?
    }
    let cases: [Case]
  }

  private static func body(_ framed: [UInt8]) throws -> [UInt8] {
    var frames = FrameDecoder(maximumLength: KademliaMessage.maximumLength)
    frames.append(ByteBuffer(bytes: framed))
    let frame = try frames.next()
    return [UInt8](buffer: try #require(frame))
  }

  @Test("p2pd's request and answer are read, and ours differs only in the zero it does not write")
  func p2pd() throws {
    let vector = try Vectors.load("mesh/kad_routing.json", as: Routing.self).findNode
    let request = try Self.body(vector.request.bytes)
    let read = try KademliaMessage(body: request)
    #expect(read.kind == .findNode && read.closerPeers.isEmpty)
    #expect(read.body + [0x50, 0x00] == request)
    let target = try PeerID(bytes: read.key)
    let answer = try KademliaMessage(body: vector.response.bytes)
    #expect(answer.kind == .findNode)
    #expect(answer.closerPeers == [.init(target, addresses: [try Multiaddr("/ip4/127.0.0.1/tcp/39459")])])
  }

  @Test("Every recorded answer of py-libp2p is read as its own decoder reads it", arguments: ["pin", "081"])
  func py(_ version: String) throws {
    for entry in try Vectors.load("subnet/kad_\(version).json", as: Cases.self).cases {
      _ = try KademliaMessage(body: Self.body(entry.requestFramedHex.bytes))
      guard let decoded = entry.decoded else { continue }
      let answer = try KademliaMessage(body: Self.body(entry.responseHex.bytes))
      #expect(answer.kind.rawValue == decoded.type ?? 0, "\(entry.case)")
      #expect(answer.closerPeers.map(\.id.description) == decoded.closer?.map(\.id) ?? [], "\(entry.case)")
      #expect(
        answer.closerPeers.map { $0.addresses.map(\.description) } == decoded.closer?.map(\.addrs) ?? [],
        "\(entry.case)")
      #expect(answer.providers.map(\.id.description) == decoded.providers ?? [], "\(entry.case)")
    }
  }

  @Test("Unsound peers and addresses are left out, and lists are bounded")
  func bounds() throws {
    var message = PBKadMessage()
    message.type = .findNode
    for number in 0..<100 {
      var peer = PBKadMessage.Peer()
      peer.id = .init([0x12, 0x20] + [UInt8](repeating: UInt8(number), count: 32))
      peer.addrs = try (0..<40).map { .init(try Multiaddr("/ip4/192.0.2.1/tcp/\($0)").bytes) }
      message.closerPeers.append(peer)
    }
    message.closerPeers[0].id = .init([0x12])
    message.closerPeers[1].addrs = [.init([0xff])]
    let read = try KademliaMessage(body: message.encoded)
    #expect(read.closerPeers.count == KademliaMessage.maximumPeers - 1)
    #expect(read.closerPeers[0].addresses.isEmpty)
    #expect(read.closerPeers[1].addresses.count == KademliaMessage.maximumAddresses)
  }

  @Test("Messages that can't be read, of unknown types or with huge keys are refused")
  func bad() throws {
    var long = PBKadMessage()
    long.type = .findNode
    long.key = .init([UInt8](repeating: 1, count: KademliaMessage.maximumKeyLength + 1))
    for body in [[0xff], [0x08, 0x09], long.encoded, [UInt8](repeating: 0, count: KademliaMessage.maximumLength + 1)] {
      #expect(throws: KademliaError.self) { try KademliaMessage(body: body) }
    }
  }

  @Test("Distance is the XOR of SHA-256 hashes, compared as a number")
  func distance() throws {
    var generator = SeededGenerator(seed: 23)
    for _ in 0..<200 {
      let (left, right, target) = (generator.bytes(34), generator.bytes(38), generator.bytes(20))
      func xor(_ bytes: [UInt8]) -> [UInt8] {
        zip(SHA256.hash(data: bytes), SHA256.hash(data: target)).map { $0 ^ $1 }
      }
      let key = KademliaKey(hashing: target)
      let (near, far) = (KademliaKey(hashing: left).distance(to: key), KademliaKey(hashing: right).distance(to: key))
      #expect((near < far) == xor(left).lexicographicallyPrecedes(xor(right)))
      let bits = xor(left).reduce("") {
        $0 + String(repeating: "0", count: $1.leadingZeroBitCount) + ($1 == 0 ? "" : "1")
      }
      #expect(near.commonPrefixLength == bits.prefix { $0 == "0" }.count)
    }
    let same = KademliaKey(hashing: [1]).distance(to: KademliaKey(hashing: [1]))
    #expect(same.commonPrefixLength == KademliaKey.bitCount)
  }
}

@Suite("Kademlia routing table")
struct RoutingTableTests {
  private static let now = NIODeadline.uptimeNanoseconds(1_000_000_000_000_000)

  static func peers(_ count: Int, seed: UInt64) throws -> [PeerID] {
    var generator = SeededGenerator(seed: seed)
    return try (0..<count).map { _ in try PeerID(bytes: [0x12, 0x20] + generator.bytes(32)) }
  }

  @Test("The closest peers are those that a full sort gives")
  func closest() throws {
    let peers = try Self.peers(300, seed: 24)
    var table = RoutingTable(of: peers[0])
    for peer in peers { table.useful(peer, now: Self.now) }
    let kept = peers.filter(table.contains)
    #expect(!kept.contains(peers[0]) && table.count == kept.count)
    for target in peers.prefix(20).map({ KademliaKey($0) }) {
      let sorted = kept.sorted { KademliaKey($0).distance(to: target) < KademliaKey($1).distance(to: target) }
      #expect(table.closest(to: target) == Array(sorted.prefix(20)))
      #expect(table.closest(to: target, count: 3) == Array(sorted.prefix(3)))
    }
  }

  @Test("A flood of identities fills buckets and no more, and does not push out useful peers")
  func flood() throws {
    let peers = try Self.peers(3_000, seed: 25)
    var table = RoutingTable(of: peers[0])
    for peer in peers[1..<200] { table.useful(peer, now: Self.now) }
    let before = peers[1..<200].filter(table.contains)
    for peer in peers[200...] { table.useful(peer, now: Self.now + .minutes(59)) }
    #expect(before.allSatisfy(table.contains))
    #expect(table.count <= RoutingTable.bucketSize * 13)
  }

  @Test("A peer that was not useful for an hour gives its place to a newcomer")
  func staleness() throws {
    let all = try Self.peers(3_000, seed: 26)
    let own = KademliaKey(all[0])
    let far = all.dropFirst().filter { own.distance(to: KademliaKey($0)).commonPrefixLength == 0 }
    var table = RoutingTable(of: all[0])
    for (position, peer) in far.prefix(20).enumerated() {
      table.useful(peer, now: Self.now + .seconds(Int64(position)))
    }
    let early = table.useful(far[20], now: Self.now + .minutes(60))
    let late = table.useful(far[20], now: Self.now + .minutes(61))
    #expect(!early && late)
    #expect(!table.contains(far[0]) && table.contains(far[1]) && table.count == 20)
    table.remove(far[20])
    #expect(!table.contains(far[20]) && table.count == 19)
  }
}

@Suite("Kademlia look-up")
struct KademliaLookupTests {
  private static let somewhere = "/ip4/192.0.2.1/tcp/1"

  /// Peers that each know some others, as routing tables of a real network do.
  private struct Network {
    var tables: [PeerID: RoutingTable] = [:]
    var dead: Set<PeerID> = []

    init(_ peers: [PeerID]) {
      for peer in peers {
        var table = RoutingTable(of: peer)
        for other in peers { table.useful(other, now: .uptimeNanoseconds(1)) }
        tables[peer] = table
      }
    }

    func answer(_ peer: PeerID, _ target: KademliaKey) throws -> [KademliaMessage.Peer]? {
      guard !dead.contains(peer), let table = tables[peer] else { return nil }
      let address = try Multiaddr(somewhere)
      return table.closest(to: target).map { .init($0, addresses: [address]) }
    }
  }

  /// Runs a look-up, answering up to `concurrency` requests in an order that chance chooses.
  private func run(
    _ lookup: inout KademliaLookup, using generator: inout SeededGenerator,
    answer: (PeerID) throws -> [KademliaMessage.Peer]?
  ) throws -> (result: KademliaLookup.Result, queries: [PeerID]) {
    var pending: [PeerID] = []
    var queries: [PeerID] = []
    for _ in 0..<10_000 {
      switch lookup.next() {
      case .query(let peer, _):
        pending.append(peer)
        queries.append(peer)
        #expect(pending.count <= KademliaLookup.concurrency)
      case .finished(let result): return (result, queries)
      case .wait:
        let peer = try #require(pending.randomElement(using: &generator))
        pending.removeAll { $0 == peer }
        if let closer = try answer(peer) {
          lookup.answered(peer, closerPeers: closer)
        } else {
          lookup.failed(peer)
        }
      }
    }
    throw NeverFinished()
  }

  private struct NeverFinished: Error {}

  @Test("A look-up from one seed finds the twenty closest of 250 peers, a third of them dead")
  func closest() throws {
    let peers = try RoutingTableTests.peers(250, seed: 27)
    var network = Network(peers)
    var generator = SeededGenerator(seed: 28)
    for round in 0..<5 {
      network.dead = Set(peers.dropFirst(2).shuffled(using: &generator).prefix(round * 20))
      let target = KademliaKey(hashing: generator.bytes(34))
      var lookup = KademliaLookup(closestTo: target, by: peers[0], seeds: [(peers[1], [])])
      let (result, queries) = try run(&lookup, using: &generator) { try network.answer($0, target) }
      let alive = peers.filter { $0 != peers[0] && !network.dead.contains($0) }
      let sorted = alive.sorted { KademliaKey($0).distance(to: target) < KademliaKey($1).distance(to: target) }
      #expect(Array(result.closest.prefix(10)) == Array(sorted.prefix(10)))
      #expect(Set(queries).count == queries.count && queries.count <= KademliaLookup.maximumQueries)
    }
  }

  @Test("The peer that was looked for ends the search as soon as somebody names its address")
  func found() throws {
    let peers = try RoutingTableTests.peers(200, seed: 29)
    let network = Network(peers)
    var generator = SeededGenerator(seed: 30)
    for wanted in peers.dropFirst(2).prefix(20) {
      var lookup = KademliaLookup(for: wanted, by: peers[0], seeds: [(peers[1], [])])
      let (result, queries) = try run(&lookup, using: &generator) { try network.answer($0, KademliaKey(wanted)) }
      #expect(result.addresses == [try Multiaddr(Self.somewhere)])
      #expect(queries.count < 15)
    }
  }

  @Test("A peer that nobody knows is not found, and the search ends")
  func notFound() throws {
    let peers = try RoutingTableTests.peers(100, seed: 31)
    let network = Network(Array(peers.dropLast()))
    var generator = SeededGenerator(seed: 32)
    var lookup = KademliaLookup(for: peers[99], by: peers[0], seeds: [(peers[1], [])])
    let (result, _) = try run(&lookup, using: &generator) { try network.answer($0, KademliaKey(peers[99])) }
    #expect(result.addresses.isEmpty && result.closest.count == 20)
    var alone = KademliaLookup(for: peers[99], by: peers[0], seeds: [])
    #expect(alone.next() == .finished(.init(addresses: [], closest: [])))
  }

  @Test("Liars that name fresh peers for ever cost a bounded number of requests and memory")
  func liars() throws {
    var generator = SeededGenerator(seed: 33)
    var number: UInt64 = 0
    let peers = try RoutingTableTests.peers(2, seed: 34)
    let address = try Multiaddr(Self.somewhere)
    var lookup = KademliaLookup(closestTo: KademliaKey(peers[0]), by: peers[0], seeds: [(peers[1], [])])
    let (_, queries) = try run(&lookup, using: &generator) { _ in
      try (0..<KademliaMessage.maximumPeers).map { _ in
        number += 1
        let id = try PeerID(bytes: [0x12, 0x20] + withUnsafeBytes(of: (number, number, number, number)) { Array($0) })
        return .init(id, addresses: [address])
      }
    }
    #expect(queries.count <= KademliaLookup.maximumQueries)
  }

  @Test("Answers that were not asked for, or come twice, are ignored; this node is never asked")
  func unasked() throws {
    let peers = try RoutingTableTests.peers(4, seed: 35)
    var lookup = KademliaLookup(closestTo: KademliaKey(peers[3]), by: peers[0], seeds: [(peers[1], [])])
    lookup.answered(peers[1], closerPeers: [.init(peers[2], addresses: [])])
    lookup.answered(peers[2], closerPeers: [.init(peers[3], addresses: [])])
    #expect(lookup.next() == .query(peers[1], []))
    #expect(lookup.next() == .wait)
    lookup.answered(peers[1], closerPeers: [.init(peers[0], addresses: [])])
    lookup.answered(peers[1], closerPeers: [.init(peers[2], addresses: [])])
    #expect(lookup.next() == .finished(.init(addresses: [], closest: [peers[1]])))
  }
}

@Suite("Kademlia provider records")
struct ProviderRecordsTests {
  private static let now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

  @Test("A provider is told for 48 hours after its last word, those who spoke last first")
  func lifetime() throws {
    let peers = try RoutingTableTests.peers(2, seed: 70)
    var records = ProviderRecords()
    records.add(peers[0], of: [1], now: Self.now)
    records.add(peers[1], of: [1], now: Self.now + .hours(1))
    #expect(records.providers(of: [1], now: Self.now + .hours(2)) == [peers[1], peers[0]])
    #expect(records.providers(of: [1], now: Self.now + .hours(48)) == [peers[1]])
    #expect(records.providers(of: [1], now: Self.now + .hours(49)).isEmpty)
    #expect(records.providers(of: [2], now: Self.now).isEmpty)
  }

  @Test("Keys and providers beyond the bounds push out those whose word is oldest")
  func bounds() throws {
    let peers = try RoutingTableTests.peers(30, seed: 71)
    var records = ProviderRecords()
    for (position, peer) in peers.enumerated() {
      records.add(peer, of: [1], now: Self.now + .seconds(Int64(position)))
    }
    #expect(records.providers(of: [1], now: Self.now) == Array(peers.suffix(20).reversed()))
    for number in 0..<2_000 {
      let key = [UInt8(number >> 8), UInt8(number & 0xff), 7]
      records.add(peers[0], of: key, now: Self.now + .minutes(1) + .milliseconds(Int64(number)))
    }
    #expect(records.providers(of: [1], now: Self.now).isEmpty)
    let kept = (0..<2_000).filter {
      !records.providers(of: [UInt8($0 >> 8), UInt8($0 & 0xff), 7], now: Self.now).isEmpty
    }
    #expect(kept == Array(2_000 - ProviderRecords.maximumKeys..<2_000))
  }
}

@Suite("Kademlia answers")
struct KademliaResponderTests {
  private let peers = Result { try RoutingTableTests.peers(40, seed: 72) }

  private func responder(knowing known: [PeerID]) throws -> KademliaResponder {
    let peers = try peers.get()
    var table = RoutingTable(of: peers[0])
    for peer in peers[2...] { table.useful(peer, now: .uptimeNanoseconds(1)) }
    let address = try Multiaddr("/ip4/192.0.2.1/tcp/1")
    return KademliaResponder(
      ownID: peers[0], table: table, addresses: { known.contains($0) ? [address] : [] }, isConnected: { $0 == known[0] }
    )
  }

  @Test("The target is named first though it is in no bucket; the asker, this node and peers without address never")
  func findNode() throws {
    let peers = try peers.get()
    let responder = try responder(knowing: [peers[1]] + peers[5...30])
    let answer = try #require(responder.answer(KademliaMessage(.findNode, key: peers[1].bytes), from: peers[6]))
    let named = answer.closerPeers.map(\.id)
    #expect(named.first == peers[1] && answer.closerPeers.first?.connection == .connected)
    #expect(!named.contains(peers[6]) && !named.contains(peers[0]) && !named.contains(peers[3]))
    #expect(answer.key.isEmpty && answer.closerPeers.count <= RoutingTable.bucketSize + 1)
    let own = try #require(responder.answer(KademliaMessage(.findNode, key: peers[0].bytes), from: peers[1]))
    #expect(!own.closerPeers.map(\.id).contains(peers[0]))
  }

  @Test("Any key is answered with the closest peers, and only requests to store values are not answered")
  func others() throws {
    let peers = try peers.get()
    let responder = try responder(knowing: Array(peers))
    for kind in [KademliaMessage.Kind.getValue, .getProviders] {
      let answer = try #require(responder.answer(KademliaMessage(kind, key: [1, 2, 3]), from: peers[1]))
      #expect(answer.kind == kind && answer.key == [1, 2, 3])
      #expect(answer.closerPeers.map(\.id) == responder.table.closest(to: KademliaKey(hashing: [1, 2, 3])))
    }
    #expect(responder.answer(KademliaMessage(.ping), from: peers[1]) == KademliaMessage(.ping))
    #expect(responder.answer(KademliaMessage(.putValue, key: [1]), from: peers[1]) == nil)
  }
}
