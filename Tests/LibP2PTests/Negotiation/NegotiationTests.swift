import NIOCore
import Testing

@testable import LibP2P

@Suite("multistream-select")
struct NegotiationTests {
  private struct Lines: Decodable {
    let lines: [String: Hex]
  }

  private static func line(_ text: String) -> ByteBuffer {
    ByteBuffer(bytes: Multistream.line(text))
  }

  private static func joined(_ texts: String...) -> ByteBuffer {
    ByteBuffer(bytes: texts.flatMap(Multistream.line))
  }

  @Test("Lines are the ones that py-libp2p and p2pd send")
  func lines() throws {
    let decoder = try Vectors.load("subnet/multistream.json", as: Lines.self)
    #expect(!decoder.lines.isEmpty)
    for (text, bytes) in decoder.lines {
      #expect(Multistream.line(text) == bytes.bytes)
    }
  }

  @Test("A captured p2pd listener is understood, and answered as a dialer it accepted")
  func capture() throws {
    var dialer = try NegotiationDialer(proposals: ["/noise"])
    let p2pd: Hex = "132f6d756c746973747265616d2f312e302e300a072f6e6f6973650a"
    #expect([UInt8](buffer: dialer.start()) == p2pd.bytes)
    #expect(try dialer.receive(ByteBuffer(bytes: p2pd.bytes)) == .selected("/noise", rest: ByteBuffer()))
  }

  /// Runs both roles against each other, each message cut at random, and gives what each chose and read.
  private func negotiate(
    _ proposals: [String], supported: Set<String>, using generator: inout SeededGenerator,
    lazyData: [UInt8] = []
  ) throws -> (dialer: String, listener: String, dialerRest: [UInt8], listenerRest: [UInt8]) {
    var dialer = try NegotiationDialer(proposals: proposals)
    var listener = NegotiationListener()
    var toListener = [UInt8](buffer: dialer.start()) + lazyData
    var toDialer: [UInt8] = []
    var chosen: (dialer: String?, listener: String?)
    var rests: (dialer: [UInt8], listener: [UInt8]) = ([], [])
    for _ in 0..<10_000 where !(toListener.isEmpty && toDialer.isEmpty) {
      let piece = take(&toListener, &generator)
      if chosen.listener != nil {
        rests.listener += piece
      } else if !piece.isEmpty {
        switch try listener.receive(ByteBuffer(bytes: piece), isSupported: supported.contains) {
        case .wait: break
        case .send(let bytes): toDialer += [UInt8](buffer: bytes)
        case .selected(let id, let answer, let rest):
          chosen.listener = id
          toDialer += [UInt8](buffer: answer) + Array("hello".utf8)
          rests.listener += [UInt8](buffer: rest)
        }
      }
      let answer = take(&toDialer, &generator)
      if chosen.dialer != nil {
        rests.dialer += answer
      } else if !answer.isEmpty {
        switch try dialer.receive(ByteBuffer(bytes: answer)) {
        case .wait: break
        case .send(let bytes): toListener += [UInt8](buffer: bytes)
        case .selected(let id, let rest):
          chosen.dialer = id
          rests.dialer += [UInt8](buffer: rest)
        }
      }
    }
    return try (#require(chosen.dialer), #require(chosen.listener), rests.dialer, rests.listener)
  }

  private func take(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
    let count = min(bytes.count, Int.random(in: 0...20, using: &generator))
    defer { bytes.removeFirst(count) }
    return Array(bytes.prefix(count))
  }

  @Test("Dialer and listener agree on the first common proposal under any fragmentation")
  func agreement() throws {
    var generator = SeededGenerator(seed: 5)
    for _ in 0..<300 {
      let result = try negotiate(
        ["/a", "/b/1.0.0", "/c"], supported: ["/c", "/b/1.0.0"], using: &generator)
      #expect(result.dialer == "/b/1.0.0" && result.listener == "/b/1.0.0")
      #expect(result.dialerRest == Array("hello".utf8) && result.listenerRest.isEmpty)
    }
  }

  @Test("A lazy dialer's data reaches the chosen protocol whole under any fragmentation")
  func lazy() throws {
    var generator = SeededGenerator(seed: 6)
    for _ in 0..<300 {
      let data = generator.bytes(Int.random(in: 0...300, using: &generator))
      let result = try negotiate(["/a"], supported: ["/a"], using: &generator, lazyData: data)
      #expect(result.listenerRest == data && result.dialerRest == Array("hello".utf8))
    }
  }

  @Test("Every recorded order of security proposals ends where py-libp2p ended")
  func fallthrough_() throws {
    struct Recorded: Decodable {
      struct Result: Decodable {
        let headerAndFirstProposalInOneWrite: Bool
        let log: [String]
      }
      let results: [Result]
    }
    for result in try Vectors.load("subnet/security_fallthrough.json", as: Recorded.self).results {
      let steps = result.log.dropFirst().map { $0.split(separator: " -> ").map(String.init) }
      var dialer = try NegotiationDialer(proposals: steps.map { $0[0] })
      var answers = [Self.line(Multistream.header)] + steps.map { Self.line($0[1]) }
      if result.headerAndFirstProposalInOneWrite, answers.count > 1 {
        answers[0].writeImmutableBuffer(answers.remove(at: 1))
      }
      var last = NegotiationDialer.Action.wait
      for answer in answers { last = try dialer.receive(answer) }
      #expect(last == .selected(steps.last?[0] ?? "", rest: ByteBuffer()))
    }
  }

  @Test("Header and proposal in one write are answered in one write")
  func coalesced() throws {
    var listener = NegotiationListener()
    let action = try listener.receive(Self.joined(Multistream.header, "/a")) { $0 == "/a" }
    #expect(action == .selected("/a", answer: Self.joined(Multistream.header, "/a"), rest: ByteBuffer()))
  }

  @Test("A listener refuses, and lets the dialer propose again")
  func refusal() throws {
    var listener = NegotiationListener()
    #expect(
      try listener.receive(Self.joined(Multistream.header, "/x")) { $0 == "/a" }
        == .send(Self.joined(Multistream.header, "na")))
    #expect(
      try listener.receive(Self.line("/a")) { $0 == "/a" }
        == .selected("/a", answer: Self.line("/a"), rest: ByteBuffer()))
  }

  @Test(
    "Plaintext and secio are not accepted because a dialer insists",
    arguments: ["/plaintext/2.0.0", "/secio/1.0.0", "na", ""])
  func insistence(_ proposal: String) throws {
    var listener = NegotiationListener()
    _ = try listener.receive(Self.line(Multistream.header)) { _ in false }
    for _ in 0..<3 {
      #expect(try listener.receive(Self.line(proposal)) { $0 == "/noise" } == .send(Self.line("na")))
    }
  }

  @Test("A refusal is sent before a lazy dialer's request is taken for broken lines")
  func lazyRefusal() throws {
    var listener = NegotiationListener()
    var bytes = Self.joined(Multistream.header, "/x")
    bytes.writeBytes([0x05, 0xff, 0xff, 0xff, 0xff, 0xff])
    #expect(try listener.receive(bytes) { _ in false } == .send(Self.joined(Multistream.header, "na")))
    let error = #expect(throws: NegotiationError.self) {
      try listener.receive(ByteBuffer(bytes: [0])) { _ in true }
    }
    #expect(error?.kind == .malformed)
  }

  @Test("ls is answered with the list if there is one, else with na")
  func list() throws {
    for (listing, expected) in [
      (nil, Multistream.line("na")), (["/a", "/b"], [0x09, 0x03] + Array("/a\n\u{3}/b\n\n".utf8)),
      ((0..<200).map { "/protocol/\($0)" }, Multistream.line("na")),
    ] as [([String]?, [UInt8])] {
      var listener = NegotiationListener(listing: listing)
      _ = try listener.receive(Self.line(Multistream.header)) { _ in true }
      #expect(try listener.receive(Self.line("ls")) { _ in true } == .send(ByteBuffer(bytes: expected)))
    }
  }

  @Test("S1 lines over 1024 bytes, without newline, or not UTF-8 are refused in both roles")
  func badLines() throws {
    let bad: [[UInt8]] = [
      Varint.encode(1_025) + [0x2f], Varint.encode(1 << 40), [UInt8](repeating: 0xff, count: 10), [0x00],
      [0x02, 0x2f, 0x61], [0x03, 0xff, 0xfe, 0x0a], [0x80, 0x00],
    ]
    for bytes in bad {
      var listener = NegotiationListener()
      #expect(throws: NegotiationError.self) { try listener.receive(ByteBuffer(bytes: bytes)) { _ in true } }
      var dialer = try NegotiationDialer(proposals: ["/a"])
      #expect(throws: NegotiationError.self) { try dialer.receive(ByteBuffer(bytes: bytes)) }
    }
  }

  @Test("S1 a listener hears at most 16 proposals")
  func rounds() throws {
    var listener = NegotiationListener()
    _ = try listener.receive(Self.line(Multistream.header)) { _ in false }
    for _ in 0..<Multistream.maximumProposals {
      #expect(try listener.receive(Self.line("/x")) { _ in false } == .send(Self.line("na")))
    }
    let error = #expect(throws: NegotiationError.self) {
      try listener.receive(Self.line("/x")) { _ in false }
    }
    #expect(error?.kind == .tooManyProposals)
  }

  @Test("A peer that does not begin with the header is refused in both roles")
  func noHeader() throws {
    var listener = NegotiationListener()
    let error = #expect(throws: NegotiationError.self) {
      try listener.receive(Self.line("/noise")) { _ in true }
    }
    #expect(error?.kind == .notMultistream)
    var dialer = try NegotiationDialer(proposals: ["/noise"])
    #expect(throws: NegotiationError.self) { try dialer.receive(Self.line("/noise")) }
    var http = NegotiationListener()
    #expect(throws: NegotiationError.self) {
      try http.receive(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: " + String(repeating: "a", count: 80))) {
        _ in true
      }
    }
  }

  @Test("Answers that were not asked for are refused")
  func unexpected() throws {
    for answers in [["/other"], ["na", "/b"], ["/multistream/1.0.0"]] {
      var dialer = try NegotiationDialer(proposals: ["/a", "/b"])
      _ = try dialer.receive(Self.line(Multistream.header))
      let error = #expect(throws: NegotiationError.self) {
        try dialer.receive(ByteBuffer(bytes: answers.flatMap(Multistream.line)))
      }
      #expect(error?.kind == .unexpected)
    }
  }

  @Test("A dialer whose every proposal is refused names them; one whose peer hangs up says so")
  func failures() throws {
    var dialer = try NegotiationDialer(proposals: ["/a"])
    let error = #expect(throws: NegotiationError.self) {
      try dialer.receive(Self.joined(Multistream.header, "na"))
    }
    #expect(error?.kind == .unsupported && error?.message.contains("\"/a\"") == true)
    #expect(throws: NegotiationError.self) { try NegotiationDialer(proposals: ["/a"]).finish() }
    #expect(throws: NegotiationError.self) { try NegotiationListener().finish() }
    for proposals in [[], [""], [String(repeating: "a", count: 1_024)], [String](repeating: "/a", count: 17)] {
      #expect(throws: NegotiationError.self) { try NegotiationDialer(proposals: proposals) }
    }
  }

  @Test("Random bytes never crash either role nor make it keep more than a line")
  func noise() throws {
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<500 {
      var listener = NegotiationListener(listing: ["/a"])
      var dialer = try NegotiationDialer(proposals: ["/a", "/b"])
      let sane = [Multistream.header, "/a", "na", "ls", "/b"].shuffled(using: &generator).flatMap(
        Multistream.line)
      var bytes = Multistream.line(Multistream.header) + sane
      bytes[Int.random(in: bytes.indices, using: &generator)] = generator.bytes(1)[0]
      for byte in bytes {
        _ = try? listener.receive(ByteBuffer(bytes: [byte])) { $0 == "/b" }
        _ = try? dialer.receive(ByteBuffer(bytes: [byte]))
      }
    }
  }
}
