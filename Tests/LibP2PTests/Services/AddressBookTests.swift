import NIOCore
import Testing

@testable import LibP2P

@Suite("Address book")
struct AddressBookTests {
  private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
  private let first = Result { try Multiaddr("/ip4/192.0.2.1/tcp/1") }
  private let second = Result { try Multiaddr("/ip4/192.0.2.2/tcp/2") }

  @Test("Hearsay is forgotten before what the peer said, and both before what the operator said")
  func lifetimes() throws {
    let peer = try RoutingTableTests.peers(1, seed: 40)[0]
    var book = AddressBook()
    try book.add([first.get()], of: peer, from: .hearsay, now: Self.start)
    try book.add([second.get()], of: peer, from: .peer, now: Self.start)
    #expect(try book.addresses(of: peer, now: Self.start) == [second.get(), first.get()])
    #expect(try book.addresses(of: peer, now: Self.start + .minutes(11)) == [second.get()])
    #expect(book.addresses(of: peer, now: Self.start + .minutes(61)).isEmpty)
    try book.add([first.get()], of: peer, from: .configuration, now: Self.start)
    try book.add([first.get()], of: peer, from: .hearsay, now: Self.start)
    #expect(try book.addresses(of: peer, now: Self.start + .hours(1000)) == [first.get()])
  }

  @Test("Addresses that did not answer are forgotten, unless the operator configured them")
  func unreachable() throws {
    let peer = try RoutingTableTests.peers(1, seed: 43)[0]
    var book = AddressBook()
    try book.add([first.get()], of: peer, from: .configuration, now: Self.start)
    try book.add([first.get(), second.get()], of: peer, from: .peer, now: Self.start)
    book.forgetLearned(of: peer)
    #expect(try book.addresses(of: peer, now: Self.start) == [first.get()])
  }

  @Test("CVE-2023-40583 any number of peers and addresses stays within the bounds, and young ones win")
  func flood() throws {
    var generator = SeededGenerator(seed: 41)
    var book = AddressBook()
    let kept = try RoutingTableTests.peers(1, seed: 42)[0]
    try book.add([first.get()], of: kept, from: .configuration, now: Self.start)
    for number in 0..<12_000 {
      let peer = try PeerID(bytes: [0x12, 0x20] + generator.bytes(32))
      try book.add([first.get()], of: peer, from: .hearsay, now: Self.start + .milliseconds(Int64(number)))
      #expect(book.count <= AddressBook.maximumPeers)
    }
    #expect(!book.addresses(of: kept, now: Self.start).isEmpty)
    for port in 0..<1_000 {
      try book.add([Multiaddr("/ip4/192.0.2.1/tcp/\(port)")], of: kept, from: .peer, now: Self.start)
    }
    let addresses = book.addresses(of: kept, now: Self.start)
    #expect(addresses.count == AddressBook.maximumAddresses)
    #expect(try addresses.first == first.get())
  }

  @Test("Only a newer signed record is taken over")
  func records() throws {
    struct Envelopes: Decodable {
      struct Envelope: Decodable {
        let envelopeHex: Hex
      }
      let envelopes: [Envelope]
    }
    let envelope = try #require(try Vectors.load("subnet/envelope.json", as: Envelopes.self).envelopes.last)
    let peer = try PeerID("12D3KooWMwW1VqH7uWtUc5UGoyMJp1dG26Nkosc6RkRJ7RNiW6Cb")
    let record = try SignedPeerRecord(envelope: envelope.envelopeHex.bytes, expecting: peer)
    var book = AddressBook()
    let loopback = try Multiaddr("/ip4/127.0.0.1/tcp/9")
    let first = book.take(record, across: loopback, now: Self.start)
    let again = book.take(record, across: loopback, now: Self.start)
    #expect(first && !again)
    #expect(book.addresses(of: peer, now: Self.start) == record.addresses)
    var far = AddressBook()
    far.take(record, across: try Multiaddr("/ip4/192.0.2.1/tcp/9"), now: Self.start)
    #expect(far.addresses(of: peer, now: Self.start).isEmpty)
  }

  @Test(
    "A stranger can't send this node into private networks",
    arguments: [
      ("/ip4/8.8.8.8/tcp/1", "/ip4/9.9.9.9/tcp/1", true), ("/dns4/a.b/tcp/1", "/ip4/9.9.9.9/tcp/1", true),
      ("/ip4/10.0.0.1/tcp/1", "/ip4/9.9.9.9/tcp/1", false), ("/ip4/127.0.0.1/tcp/1", "/ip4/9.9.9.9/tcp/1", false),
      ("/ip4/10.0.0.1/tcp/1", "/ip4/10.0.0.2/tcp/1", true), ("/ip4/127.0.0.1/tcp/1", "/ip4/10.0.0.2/tcp/1", false),
      ("/ip4/127.0.0.1/tcp/1", "/ip4/127.0.0.1/tcp/2", true), ("/ip6/fe80::1/tcp/1", "/ip6/fe80::2/tcp/1", false),
      ("/ip4/224.0.0.1/tcp/1", "/ip4/9.9.9.9/tcp/1", false),
      ("/ip6/::ffff:10.0.0.1/tcp/1", "/ip6/2600::1/tcp/1", false),
    ])
  func scopes(_ address: String, _ remote: String, _ expected: Bool) throws {
    #expect(AddressBook.isUsable(try Multiaddr(address), across: try Multiaddr(remote)) == expected)
  }
}
