import LibP2P
import NIOCore
import Synchronization
import Testing

@testable import Protocols

@Suite("API protocol under bad input", .timeLimit(.minutes(2)))
struct ApiSafetyTests {
  private func bounded(_ url: String, _ change: (inout ApiRoute) -> Void) -> ApiRoute {
    var route = ApiRoute(url: url, stream: true)
    change(&route)
    return route
  }

  @Test("Bytes that are no request get a text and the end, and the node goes on")
  func garbage() async throws {
    try await ApiPair.with([:]) { (pair) async throws in
      let prefix = "Error processing request: "
      #expect(try await pair.answer(to: [2, 0xff, 0xff]) == prefix + "Error parsing message")
      #expect(
        try await pair.answer(to: [UInt8](repeating: 0x80, count: 11))
          == prefix + "Frame length prefix exceeded maximum varint size")
      #expect(
        try await pair.answer(to: [13, 10, 6], finishing: true) == prefix + "Stream closed while reading 13 byte frame")
      #expect(
        try await pair.answer(to: [0x80], finishing: true) == prefix + "Stream closed while reading frame length")
      #expect(try await pair.answer(to: [0]) == "Route not found")
      #expect(try await pair.text("r") == "Route not found")
    }
  }

  @Test("An answer of an unknown kind is nothing, and costs no HTTP call")
  func unknownResponseType() async throws {
    try await TestUpstream.with { upstream in
      try await ApiPair.with(["health": .init(url: upstream.url("/health"))]) { (pair) async throws in
        let request = try ApiRequest(route: "health", responseType: .unknown(7)).frame()
        #expect(try await pair.answer(to: [UInt8](buffer: request)) == "")
        #expect(upstream.seen.isEmpty)
      }
    }
  }

  @Test("A caller that never completes its request is given up")
  func slowRequest() async throws {
    var config = ApiProtocolConfig()
    config.limits.requestTimeout = .milliseconds(200)
    try await ApiPair.with(config) { (pair) async throws in
      let stream = try await pair.rawStream()
      try await stream.write(ByteBuffer(bytes: [13, 10]))
      await #expect(performing: { _ = try await stream.read() }, throws: coded("stream.reset"))
    }
  }

  @Test("A caller that leaves ends the HTTP request: by an abort, by its task, by dropping the sequence")
  func cancellation() async throws {
    try await TestUpstream.with { upstream in
      try await ApiPair.with([
        "silent": .init(url: upstream.url("/silent"), stream: true),
        "held": .init(url: upstream.url("/held"), stream: true),
      ]) { pair in
        let stream = try await pair.rawStream()
        try await stream.write(ApiRequest(route: "silent").frame(), framing: .whole)
        #expect(try await eventually { upstream.seen.count == 1 })
        stream.reset()
        #expect(try await eventually { upstream.abandoned == 1 })

        let task = Task { try await pair.text("silent", .framed) }
        #expect(try await eventually { upstream.seen.count == 2 })
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        #expect(try await eventually { upstream.abandoned == 2 })

        for version in ApiVersion.allCases {
          for try await _ in pair.caller.streamRemote(try pair.address, "held", options: .only(version)) { break }
        }
        #expect(try await eventually { upstream.abandoned == 4 })
      }
    }
  }

  @Test("A slow reader holds the server back instead of filling this node", arguments: ApiVersion.allCases)
  func backPressure(version: ApiVersion) async throws {
    try await TestUpstream.with { upstream in
      var config = ApiProtocolConfig(routes: ["r": .init(url: upstream.url("/endless"), stream: true)])
      config.limits.maximumResponse = 1 << 30
      try await ApiPair.with(config) { pair in
        var pieces = pair.caller.streamRemote(try pair.address, "r", options: .only(version)).makeAsyncIterator()
        _ = try await pieces.next()
        // What the sockets, windows and queues between hold; then nothing more is written.
        var (before, now) = (-1, 0)
        while before != now {
          try await Task.sleep(for: .milliseconds(200))
          (before, now) = (now, upstream.written)
        }
        #expect(now < 48 << 20)
        _ = try await pieces.next()
      }
      #expect(try await eventually { upstream.abandoned == 1 })
    }
  }

  @Test("A caller that stops reading for longer than the route allows loses the call and the server is free")
  func stalledReader() async throws {
    try await TestUpstream.with { upstream in
      let route = bounded(upstream.url("/endless")) {
        ($0.timeout, $0.maximumResponse) = (.milliseconds(300), 1 << 30)
      }
      try await ApiPair.with(["r": route]) { pair in
        let stream = try await pair.rawStream()
        try await stream.write(ApiRequest(route: "r", responseType: .stream).frame(), framing: .whole)
        #expect(try await eventually { upstream.abandoned == 1 })
        #expect(try await eventually { pair.server.server.isIdle })
        // What was on its way is still there, and then the reason; no more than the buffers hold.
        var answer = ByteBuffer()
        while let piece = try await stream.read() { answer.writeImmutableBuffer(piece) }
        #expect(String(buffer: answer).hasSuffix("Error processing request: the caller stopped reading"))
        #expect(answer.readableBytes < 4 << 20)
        stream.close()
      }
    }
  }

  @Test("S12 calls of a peer, of a route and of a peer on a route are limited, and freed when they end")
  func concurrency() async throws {
    try await TestUpstream.with { upstream in
      var config = ApiProtocolConfig(routes: [
        "two": bounded(upstream.url("/held")) { $0.concurrency = 2 },
        "one": bounded(upstream.url("/held")) { $0.peerConcurrency = 1 }, "free": .init(url: upstream.url("/health")),
      ])
      config.limits.peerConcurrency = 4
      try await ApiPair.with(config) { pair in
        func open(_ route: String) async throws -> ApiResponse {
          try await pair.caller.call(try pair.address, ApiRequest(route: route), options: .only(.framed))
        }
        var open2 = [try await open("two"), try await open("two"), try await open("one")]
        for route in ["two", "one"] {
          await #expect(performing: { try await open(route) }, throws: coded("api.busy"))
          #expect(
            try await pair.text(route)
              == "Error processing request: too many calls of route \(route) are under way")
        }
        #expect(try await pair.text("free") == #"{"ok":true}"#)
        let fourth = try await pair.rawStream()
        #expect(try await eventually { pair.server.server.callsUnderWay == 4 })
        #expect(try await pair.text("free") == "Error processing request: too many calls are under way")
        fourth.reset()
        #expect(try await eventually { pair.server.server.callsUnderWay == 3 })
        upstream.release()
        for response in open2 { #expect(String(buffer: try await response.body.whole()) == "firstsecond") }
        open2 = []
        #expect(try await pair.text("two") == "firstsecond")
      }
    }
  }

  @Test("Calls that come too often are refused with a text, by route and by node, and cost no HTTP call")
  func rates() async throws {
    try await TestUpstream.with { upstream in
      var config = ApiProtocolConfig(routes: [
        "rare": bounded(upstream.url("/health")) { $0.perMinuteOfPeer = 2 },
        "free": .init(url: upstream.url("/health")),
      ])
      config.limits.peerRate = .init(burst: 6, interval: .hours(1))
      try await ApiPair.with(config) { (pair) async throws in
        for _ in 0..<2 { #expect(try await pair.text("rare") == #"{"ok":true}"#) }
        #expect(try await pair.text("rare") == "Error processing request: calls of route rare come too often")
        await #expect(performing: { try await pair.text("rare", .framed) }, throws: coded("api.too-often"))
        for _ in 0..<2 { #expect(try await pair.text("free") == #"{"ok":true}"#) }
        #expect(try await pair.text("free") == "Error processing request: calls come too often")
        await #expect(performing: { try await pair.text("free", .framed) }, throws: coded("api.too-often"))
        #expect(upstream.seen.count == 4)
      }
    }
  }

  @Test("D-6 the gate stands before both sides: without stake nobody calls and nobody is called")
  func gate() async throws {
    try await TestUpstream.with { upstream in
      let stakes = TableStakes()
      let gate = Gate(stake: stakes, authorizer: Open())
      try await ApiPair.with(
        ApiProtocolConfig(routes: ["r": .init(url: upstream.url("/health"))]), gate: { _, _ in gate }
      ) { (pair) async throws in
        #expect(try await pair.text("r") == "Error processing request: not allowed")
        await #expect(performing: { try await pair.text("r", .framed) }, throws: coded("api.refused"))
        stakes.set(pair.callerHost.peerID, .unknown("no endpoint answers"))
        #expect(try await pair.text("r") == "Error processing request: not allowed")
        #expect(upstream.seen.isEmpty)
        stakes.set(pair.callerHost.peerID, .staked, class: .registered)
        #expect(try await pair.text("r") == #"{"ok":true}"#)
      }
      try await ApiPair.with(
        ApiProtocolConfig(routes: ["r": .init(url: upstream.url("/health"))]), callerGate: gate
      ) { pair in
        for version in ApiVersion.allCases {
          await #expect(performing: { try await pair.text("r", version) }, throws: coded("auth.not-staked"))
        }
        #expect(pair.callerHost.peers.isEmpty)
      }
    }
  }

  @Test("A route's class is asked of the caller")
  func minimumClass() async throws {
    try await TestUpstream.with { upstream in
      let stakes = TableStakes()
      let config = ApiProtocolConfig(routes: [
        "all": .init(url: upstream.url("/health")),
        "validators": bounded(upstream.url("/health")) { $0.minimumClass = .validator },
      ])
      try await ApiPair.with(config, gate: { _, _ in Gate(stake: stakes, authorizer: Open()) }) {
        (pair) async throws in
        stakes.set(pair.callerHost.peerID, .staked, class: .included)
        #expect(try await pair.text("all") == #"{"ok":true}"#)
        #expect(try await pair.text("validators") == "Error processing request: not allowed")
        stakes.set(pair.callerHost.peerID, .staked, class: .validator)
        #expect(try await pair.text("validators") == #"{"ok":true}"#)
        #expect(upstream.seen.count == 2)
      }
    }
  }

  @Test("An answer that is cut, wrong or too long is an error of the caller's, never a result")
  func hostileAnswers() async throws {
    let answers: [(name: String, bytes: [UInt8], code: String)] = [
      ("nothing", [], "api.truncated"), ("unknown kind", [9, 0], "api.malformed"),
      ("body first", [2, 1, 0], "api.malformed"), ("end first", [3, 0], "api.malformed"),
      ("endless length", [1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], "api.malformed"),
      ("long head", [1, 0xff, 0xff, 0x7f], "api.malformed"), ("bad head", [1, 1, 0xff], "api.malformed"),
      ("no status", [1, 0], "api.malformed"), ("two heads", [1, 2, 8, 100, 1, 2, 8, 100], "api.malformed"),
      ("half a head", [1, 5, 8], "api.truncated"), ("no end", [1, 2, 8, 100, 2, 1, 0], "api.truncated"),
      ("empty body", [1, 2, 8, 100, 2, 0], "api.malformed"),
      ("wrong count", [1, 2, 8, 100, 2, 1, 0, 3, 2, 8, 2], "api.truncated"),
      ("long body", [1, 2, 8, 100, 2, 0x80, 0x80, 0x80, 0x01], "api.malformed"),
      ("bad failure", [4, 1, 0xff], "api.malformed"), ("failure", [4, 3, 10, 1, 120], "api.remote"),
    ]
    try await ApiPair.with([:]) { pair in
      for answer in answers {
        pair.serverHost.handle(ApiVersion.framed.protocolID) { stream in
          _ = try await stream.read()
          try await stream.write(ByteBuffer(bytes: answer.bytes))
        }
        await #expect("\(answer.name)", performing: { try await pair.text("r", .framed) }, throws: coded(answer.code))
      }
      for version in ApiVersion.allCases {
        pair.serverHost.handle(version.protocolID) { stream in
          _ = try await stream.read()
          try await stream.write(ByteBuffer(bytes: [1, 2, 8, 100]))
          throw CancellationError()
        }
        await #expect(performing: { try await pair.text("r", version) }, throws: coded("stream.reset"))
      }
      for version in ApiVersion.allCases {
        var silent = ApiCallOptions.only(version)
        silent.silence = .milliseconds(200)
        pair.serverHost.handle(version.protocolID) { _ in try await Task.sleep(for: .seconds(60)) }
        await #expect(
          performing: { try await pair.caller.callRemote(try pair.address, "r", options: silent) },
          throws: coded("stream.deadline"))
      }
    }
  }

  @Test(
    "A class that is lost ends the live call of a route that asks for it, and no other", arguments: ApiVersion.allCases)
  func lostClass(version: ApiVersion) async throws {
    try await TestUpstream.with { upstream in
      let stakes = TableStakes()
      let config = ApiProtocolConfig(routes: [
        "all": .init(url: upstream.url("/held"), stream: true),
        "validators": bounded(upstream.url("/held")) { $0.minimumClass = .validator },
      ])
      try await ApiPair.with(config, gate: { _, _ in Gate(stake: stakes, authorizer: Open()) }) {
        (pair) async throws in
        let caller = pair.callerHost.peerID
        stakes.set(caller, .staked, class: .validator)
        func open(_ route: String) async throws -> ApiResponseBody.AsyncIterator {
          let request = ApiRequest(route: route, responseType: .stream)
          let pieces = try await pair.caller.call(try pair.address, request, options: .only(version)).body
            .makeAsyncIterator()
          #expect(try await pieces.next() == ByteBuffer(string: "first"))
          return pieces
        }
        let (all, validators) = (try await open("all"), try await open("validators"))
        #expect(try await eventually { stakes.watchers == 1 })
        stakes.announce(caller)
        stakes.set(caller, .staked, class: .included)
        stakes.announce(caller)
        if version == .plain {
          #expect(try await validators.next() == ByteBuffer(string: "Error processing request: not allowed"))
        } else {
          await #expect(performing: { try await validators.next() }, throws: coded("api.refused"))
        }
        #expect(try await eventually { upstream.abandoned == 1 })
        upstream.release()
        #expect(try await all.next() == ByteBuffer(string: "second"))
        #expect(try await all.next() == nil)
      }
    }
  }

  @Test("A peer's words in a failure reach logs escaped, and are cut, also if one character is made of all of them")
  func escaped() {
    let accents = ApiError(.method, "a" + String(repeating: "\u{301}", count: 1 << 20))
    #expect(accents.reason.unicodeScalars.count == ApiError.maximumLength)
    let error = ApiError(.remote, "a\u{1b}[2Jb\nc" + String(repeating: "x", count: 10_000))
    #expect(!error.description.contains("\u{1b}") && !error.description.contains("\n"))
    #expect(error.description.count < 1_000)
  }

  /// Lets everything pass that has stake.
  private struct Open: Authorizer {
    func authorize(_ call: P2PContext) async throws(Refusal) -> any CallAuthorization {
      try await Gate.insecure().admit(call)
    }
  }
}
