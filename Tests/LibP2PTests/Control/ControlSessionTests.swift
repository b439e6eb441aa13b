import Foundation
import NIOCore
import Testing

@testable import LibP2P

@Suite("Sessions of the control protocol")
struct ControlSessionTests {
  private static let limits = ControlLimits()

  private func makeSession() -> ControlSession {
    ControlSession(requestLength: Self.limits.requestLength, messageLength: Self.limits.messageLength)
  }

  /// What comes out when the bytes arrive one at a time; nothing may come before the last one.
  private func byteByByte<Item>(_ bytes: [UInt8], _ next: (ByteBuffer) throws -> Item?) throws -> Item {
    for byte in bytes.dropLast() {
      let early = try next(ByteBuffer(bytes: [byte]))
      #expect(early == nil)
    }
    let item = try next(ByteBuffer(bytes: bytes.suffix(1)))
    return try #require(item)
  }

  @Test("Issue 5: requests of hivemind's bindings are read as they are meant, byte by byte")
  func requests() throws {
    let vectors = try ControlVectors.load()
    let peer = try PeerID(bytes: vectors.peer.bytes)
    let address = try Multiaddr("/ip4/127.0.0.1/tcp/4001")
    let listener = try Multiaddr("/unix/tmp/client.sock")
    let expected: [String: ControlRequest] = [
      "identify": .identify, "listPeers": .listPeers, "upgrade": .upgrade, "disconnect": .disconnect(peer),
      "connect": .connect(peer, [address], seconds: 7), "openStream": .openStream(peer, ["a", "b"], seconds: 0),
      "handle": .handle(["a"], at: listener, isBalanced: true), "stopHandling": .stopHandling(["a"], at: listener),
      "findPeer": .findPeer(peer, seconds: 0), "closestPeers": .closestPeers(Array("key".utf8), seconds: 0),
      "publicKey": .publicKey(peer), "putValue": .refused("not supported"), "pubsub": .refused("PubSub not enabled"),
      "connectionManager": .refused("not supported"),
      "connectWithoutParameters": .refused("Malformed request; missing parameters"),
    ]
    #expect(Set(vectors.requests.keys) == Set(expected.keys))
    for (name, frame) in vectors.requests {
      var session = makeSession()
      let request = try byteByByte(frame.bytes) { bytes in
        session.receive(bytes)
        return try session.nextRequest()
      }
      #expect(request == expected[name], "\(name)")
    }
  }

  @Test("Issue 5: messages behind an upgrade are read as they are meant, also when they come with it")
  func messages() throws {
    let vectors = try ControlVectors.load()
    let peer = try PeerID(bytes: vectors.peer.bytes)
    let id = try #require(CallID(Data(vectors.callID.bytes)))
    #expect(id.bytes == Data(vectors.callID.bytes))
    let expected: [String: ClientMessage] = [
      "addHandler": .addHandler(id, "a", isBalanced: true), "removeHandler": .removeHandler(id, "a"),
      "call": .call(id, peer, "a", Data("body".utf8)), "response": .answer(id, .response(Data("body".utf8))),
      "failure": .answer(id, .failure(Data("ValueError('unlucky')".utf8))), "cancel": .cancel(id),
    ]
    #expect(Set(vectors.messages.keys) == Set(expected.keys))
    let upgrade = try #require(vectors.requests["upgrade"]).bytes
    for (name, frame) in vectors.messages {
      var session = makeSession()
      session.receive(ByteBuffer(bytes: upgrade + frame.bytes))
      let first = try session.nextRequest()
      #expect(first == .upgrade)
      session.upgrade()
      let message = try session.nextMessage()
      #expect(message == expected[name], "\(name)")
      let again = try byteByByte(frame.bytes) { bytes in
        session.receive(bytes)
        return try session.nextMessage()
      }
      #expect(again == expected[name], "\(name)")
    }
  }

  @Test("Issue 5: the node's messages are byte for byte those that hivemind writes, and are read back")
  func answers() throws {
    let vectors = try ControlVectors.load()
    let peer = try PeerID(bytes: vectors.peer.bytes)
    let id = try #require(CallID(Data(vectors.callID.bytes)))
    let expected: [String: DaemonMessage] = [
      "done": .answer(id, .done), "call": .call(id, from: peer, "a", Data("body".utf8)),
      "response": .answer(id, .response(Data("body".utf8))), "daemonError": .answer(id, .daemonError("EOF")),
      "cancel": .cancel(id),
    ]
    #expect(Set(vectors.answers.keys) == Set(expected.keys))
    for (name, message) in expected {
      #expect([UInt8](buffer: FrameDecoder.frame(message: message.message)) == vectors.answers[name]?.bytes, "\(name)")
      #expect(try DaemonMessage(message.message) == message)
    }
  }

  @Test("What comes behind the request for a stream belongs to the stream")
  func streamBytes() throws {
    let vectors = try ControlVectors.load()
    var session = makeSession()
    let frame = try #require(vectors.requests["openStream"])
    session.receive(ByteBuffer(bytes: frame.bytes + [1, 2, 3]))
    let request = try session.nextRequest()
    #expect(request != nil)
    let rest = session.takeStream()
    #expect([UInt8](buffer: rest) == [1, 2, 3])
  }

  @Test("threats S4: a length above the limit is refused before any of the message, before and after the upgrade")
  func oversize() throws {
    var session = makeSession()
    session.receive(ByteBuffer(bytes: Varint.encode(UInt64(Self.limits.requestLength + 1))))
    #expect(throws: ControlError.self) { _ = try session.nextRequest() }

    var upgraded = makeSession()
    upgraded.upgrade()
    upgraded.receive(ByteBuffer(bytes: Varint.encode(UInt64(Self.limits.messageLength))))
    let longest = try upgraded.nextMessage()
    #expect(longest == nil)
    var beyond = makeSession()
    beyond.upgrade()
    beyond.receive(ByteBuffer(bytes: Varint.encode(UInt64(Self.limits.messageLength + 1))))
    do {
      _ = try beyond.nextMessage()
      Issue.record("an oversized message was waited for")
    } catch {
      #expect(error.kind == .tooLong)
    }
  }

  @Test(
    "Garbage is refused with its reason",
    arguments: [
      // No length, no message, no kind, a kind that does not exist, a peer id that is none of bytes.
      [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80], [0x02, 0xff, 0xff], [0x00], [0x02, 0x08, 0x63],
      [0x82, 0x00],
    ] as [[UInt8]])
  func garbage(_ bytes: [UInt8]) {
    var session = makeSession()
    session.receive(ByteBuffer(bytes: bytes))
    do {
      let request = try session.nextRequest()
      Issue.record("garbage was taken for \(String(describing: request))")
    } catch {
      #expect(error.kind == .malformed)
    }
  }

  @Test("A message without content, with a short call id, or with an empty answer is garbage")
  func hollow() {
    let id = Data(repeating: 1, count: CallID.length)
    let messages: [PBControlPersistentRequest] = [
      .with { $0.callID = id },
      .with { ($0.callID, $0.cancel) = (Data([1, 2, 3]), PBControlCancel()) },
      .with { ($0.callID, $0.result) = (id, PBControlUnaryResult()) },
    ]
    for message in messages { #expect(throws: ControlError.self) { _ = try ClientMessage(message) } }
  }

  @Test("Names that no protocol can have, and more than a request may hold, are refused in words")
  func names() throws {
    let long = String(repeating: "n", count: ControlRequest.maximumNameLength + 1)
    for names in [[], [""], ["a\nb"], [long], Array(repeating: "a", count: ControlRequest.maximumProtocols + 1)] {
      let request = ControlRequest(
        .with {
          $0.kind = .streamOpen
          $0.streamOpen = .with { ($0.peer, $0.protocols) = (Data(ControlTestKeys.peer.bytes), names) }
        })
      guard case .refused = request else {
        Issue.record("\(names.count) names were taken")
        continue
      }
    }
  }
}

/// A peer that is nowhere.
enum ControlTestKeys {
  static let peer: PeerID = {
    guard let peer = try? PeerID("12D3KooWN9BApNWoRZgpo362uqGtDARZaqBo8kfbdrBBGptH49fk") else {
      preconditionFailure("a peer id of the specification is one")
    }
    return peer
  }()
}
