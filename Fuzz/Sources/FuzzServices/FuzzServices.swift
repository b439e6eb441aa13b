import Fuzzing
import NIOCore

@testable import LibP2P

/// What peers say in identify, signed records, Kademlia and ping. The first byte chooses the reader. What is taken
/// stays within its bounds and comes back unchanged when it is written.
@main
struct FuzzServices: FuzzTarget {
  private let peer: PeerID

  init() throws {
    // The signer of the recorded envelopes.
    peer = try PeerID("12D3KooWMwW1VqH7uWtUc5UGoyMJp1dG26Nkosc6RkRJ7RNiW6Cb")
  }

  func seeds() throws -> [[UInt8]] {
    let streams = try Vectors.hex("stream_hex", in: "mesh/identify.json")
    let envelopes = try Vectors.hex("envelope_hex", in: "subnet/envelope.json")
    let kad = try ["subnet/kad_pin.json", "subnet/kad_081.json"].flatMap {
      try Vectors.hex("response_hex", in: $0) + Vectors.hex("request_framed_hex", in: $0)
    }
    return streams.map { Array("s".utf8) + $0 } + streams.map { Array("m".utf8) + $0.dropFirst(2) }
      + envelopes.map { Array("e".utf8) + $0 } + kad.map { Array("k".utf8) + $0.dropFirst($0.count > 128 ? 2 : 1) }
      + kad.map { Array("f".utf8) + $0 } + [Array("g".utf8) + [UInt8](repeating: 7, count: 70)]
  }

  func take(_ input: [UInt8]) {
    let bytes = Array(input.dropFirst())
    switch input.first.map({ Unicode.Scalar($0) }) {
    case "s": identify(stream: bytes)
    case "m": if let message = try? IdentifyMessage(body: bytes, from: peer) { check(message) }
    case "e":
      if let record = try? SignedPeerRecord(envelope: bytes, expecting: peer) {
        promise(record.peer == peer && record.addresses.count <= IdentifyMessage.maximumAddresses, "a record lies")
      }
    case "k": kademlia(bytes)
    case "f": frames(bytes)
    case "g": ping(bytes)
    default: break
    }
  }

  private func identify(stream: [UInt8]) {
    var reader = IdentifyReader(from: peer)
    guard (try? reader.receive(ByteBuffer(bytes: stream))) != nil, let message = try? reader.finish() else { return }
    check(message)
  }

  private func check(_ message: IdentifyMessage) {
    promise(message.addresses.count <= IdentifyMessage.maximumAddresses, "too many addresses are kept")
    promise(message.protocols.count <= IdentifyMessage.maximumProtocols, "too many protocols are kept")
    var bare = message
    (bare.record, bare.recordError) = (nil, nil)
    guard bare.body.count <= IdentifyMessage.maximumLength else { return }
    promise((try? IdentifyMessage(body: bare.body, from: peer)) == bare, "a message changes when it is written")
  }

  private func kademlia(_ body: [UInt8]) {
    guard let message = try? KademliaMessage(body: body) else { return }
    promise(message.closerPeers.count <= KademliaMessage.maximumPeers, "too many peers are kept")
    promise(message.providers.count <= KademliaMessage.maximumPeers, "too many providers are kept")
    promise((try? KademliaMessage(body: message.body)) == message, "a message changes when it is written")
    let responder = KademliaResponder(
      ownID: peer, table: RoutingTable(of: peer), addresses: { _ in [] }, isConnected: { _ in false })
    promise(responder.answer(message, from: peer)?.closerPeers.isEmpty ?? true, "peers are named that nobody knows")
    var lookup = KademliaLookup(for: peer, by: peer, seeds: message.closerPeers.map { ($0.id, $0.addresses) })
    for _ in 0..<100 {
      guard case .query(let asked, _) = lookup.next() else { return }
      lookup.answered(asked, closerPeers: message.closerPeers)
    }
    promise(false, "a look-up never ends")
  }

  private func frames(_ bytes: [UInt8]) {
    func cut(_ piece: Int) -> [[UInt8]] {
      var decoder = FrameDecoder(maximumLength: 1_000)
      var read: [[UInt8]] = []
      var rest = bytes[...]
      while !rest.isEmpty {
        decoder.append(ByteBuffer(bytes: rest.prefix(piece)))
        rest = rest.dropFirst(piece)
        do {
          while let frame = try decoder.next() { read.append([UInt8](buffer: frame)) }
        } catch {
          return read
        }
      }
      return read
    }
    promise(cut(max(bytes.count, 1)) == cut(1), "cutting changes the frames")
  }

  private func ping(_ bytes: [UInt8]) {
    var echo = PingEcho()
    let back = bytes.flatMap { byte in echo.receive(ByteBuffer(bytes: [byte])).map { [UInt8](buffer: $0) } ?? [] }
    promise(back == Array(bytes.prefix(bytes.count / 32 * 32)), "an echo differs")
  }
}
