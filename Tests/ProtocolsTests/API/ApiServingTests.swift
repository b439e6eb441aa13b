import Foundation
import LibP2P
import NIOCore
import Testing

@testable import Protocols

@Suite("API protocol", .timeLimit(.minutes(2)))
struct ApiServingTests {
  private static func limited(_ route: ApiRoute, _ change: (inout ApiRoute) -> Void) -> ApiRoute {
    var route = route
    change(&route)
    return route
  }

  @Test("A-1 A-8 A-15 a call of health reaches its URL and the result returns", arguments: ApiVersion.allCases)
  func health(version: ApiVersion) async throws {
    try await TestUpstream.with { upstream in
      try await ApiPair.with(["health": .init(url: upstream.url("/health"))]) { (pair) async throws in
        #expect(try await pair.text("health", version) == #"{"ok":true}"#)
        #expect(upstream.seen.map(\.uri) == ["/health"])
      }
    }
  }

  @Test("A-2 A-34 two models on two servers")
  func twoServers() async throws {
    try await TestUpstream.with { first in
      try await TestUpstream.with { second in
        try await ApiPair.with([
          "model-a": .init(url: first.url("/status/201")), "model-b": .init(url: second.url("/status/202")),
        ]) { (pair) async throws in
          #expect(try await pair.text("model-a") == "status 201")
          #expect(try await pair.text("model-b") == "status 202")
          #expect(first.seen.count == 1 && second.seen.count == 1)
        }
      }
    }
  }

  @Test("A-3 A-12 an empty configuration starts, registers its protocols and serves nothing")
  func empty() async throws {
    try await ApiPair.with([:]) { (pair) async throws in
      #expect(Set(ApiVersion.allCases.map(\.protocolID)).isSubset(of: pair.serverHost.protocols))
      #expect(try await pair.text("health") == "Route not found")
      pair.server.stop()
      #expect(pair.serverHost.protocols.isEmpty)
    }
  }

  @Test("A-4 the defaults are GET, no headers of the caller's, no body")
  func defaults() async throws {
    try await TestUpstream.with { upstream in
      try await ApiPair.with(["r": .init(url: upstream.url("/echo?x=1"))]) { (pair) async throws in
        _ = try await pair.caller.callRemote(try pair.address, "r")
        let seen = try #require(upstream.seen.first)
        #expect(seen.method == "GET" && seen.uri == "/echo?x=1" && seen.body.isEmpty)
        #expect(
          Set(seen.headers.map { $0.name.lowercased() }) == ["host", "accept", "accept-encoding", "user-agent"])
        #expect(seen.headers["host"] == ["127.0.0.1:\(upstream.port)"])
      }
    }
  }

  @Test("A-7 an edit of the file counts for the next call, over the same connection")
  func reload() async throws {
    try await TestUpstream.with { upstream in
      let folder = try ApiFolder()
      let path = try folder.write(#"{"r": "\#(upstream.url("/status/201"))"}"#)
      try await ApiPair.with(ApiProtocolConfig(configFile: path)) { (pair) async throws in
        #expect(try await pair.text("r") == "status 201")
        let connections = pair.callerHost.connections(with: pair.serverHost.peerID).map(\.id)
        try folder.write(#"{"r": "\#(upstream.url("/status/202"))"}"#)
        var answer = ""
        for _ in 0..<1_000 where answer != "status 202" {
          answer = try await pair.text("r")
          try await Task.sleep(for: .milliseconds(10))
        }
        #expect(answer == "status 202")
        try folder.write(#"{"r": "#)
        try await Task.sleep(for: RoutesFile.interval * 2)
        #expect(try await pair.text("r") == "status 202")
        #expect(pair.callerHost.connections(with: pair.serverHost.peerID).map(\.id) == connections)
      }
    }
  }

  @Test("A-10 changing the dictionary after the start has no effect")
  func memoryIsFixed() async throws {
    var config = ApiProtocolConfig(routes: ["r": "http://127.0.0.1:1/"])
    try await ApiPair.with(config) { (pair) async throws in
      config.routes = [:]
      #expect(try await pair.text("r").hasPrefix("Error processing request: "))
    }
  }

  @Test("A-13 A-14 the address has to name the peer; nothing is dialed but by the host")
  func destination() async throws {
    try await ApiPair.with([:]) { (pair) async throws in
      let bare = try #require(pair.serverHost.listenAddresses.first)
      await #expect(
        performing: { try await pair.caller.callRemote(bare, "health") }, throws: coded("api.destination"))
      #expect(pair.callerHost.peers.isEmpty)
      _ = try await pair.text("health")
      #expect(pair.callerHost.peers == [pair.serverHost.peerID])
    }
  }

  @Test("A-15 A-27 a body of any size up to the cap arrives whole", arguments: ApiVersion.allCases)
  func sizes(version: ApiVersion) async throws {
    try await TestUpstream.with { upstream in
      var routes: [String: ApiRoute] = [:]
      for size in [1, 65_507, 65_525, 262_000] { routes["\(size)"] = .init(url: upstream.url("/bytes/\(size)")) }
      try await ApiPair.with(routes) { (pair) async throws in
        for route in routes.keys {
          let bytes = try await pair.bytes(route, version)
          #expect(bytes.readableBytes == Int(route))
          #expect(bytes.readableBytesView.enumerated().allSatisfy { $0.element == UInt8($0.offset % 251) })
        }
      }
    }
  }

  @Test("A-15 a body beyond the window is refused to a caller that may cut it, and whole to ours")
  func beyondWindow() async throws {
    try await TestUpstream.with { upstream in
      try await ApiPair.with(["r": .init(url: upstream.url("/bytes/1000000"), stream: true)]) { (pair) async throws in
        #expect(
          try await pair.text("r")
            == "Error processing request: API response exceeded maximum 262000 bytes")
        #expect(try await pair.bytes("r", .framed).readableBytes == 1_000_000)
        var count = 0
        for try await piece in pair.caller.streamRemote(try pair.address, "r", options: .only(.plain)) {
          count += piece.readableBytes
        }
        #expect(count == 1_000_000)
      }
    }
  }

  @Test("A-16 the first chunk arrives while the server is still sending", arguments: ApiVersion.allCases)
  func streaming(version: ApiVersion) async throws {
    try await TestUpstream.with { upstream in
      try await ApiPair.with(["r": .init(url: upstream.url("/held"), stream: true)]) { (pair) async throws in
        var pieces = pair.caller.streamRemote(try pair.address, "r", options: .only(version)).makeAsyncIterator()
        #expect(try await pieces.next() == ByteBuffer(string: "first"))
        upstream.release()
        #expect(try await pieces.next() == ByteBuffer(string: "second"))
        #expect(try await pieces.next() == nil)
      }
    }
  }

  @Test("A-17 streaming is refused where it is off; a unary call of a streaming route gets the whole")
  func streamFlag() async throws {
    try await TestUpstream.with { upstream in
      try await ApiPair.with([
        "off": .init(url: upstream.url("/health")), "on": .init(url: upstream.url("/chunks/3/10"), stream: true),
      ]) { (pair) async throws in
        let off = ApiRequest(route: "off", responseType: .stream)
        let text = try await pair.caller.call(try pair.address, off, options: .only(.plain)).body.whole()
        #expect(String(buffer: text) == "Route does not support streaming: off")
        await #expect(
          performing: { try await pair.caller.call(try pair.address, off, options: .only(.framed)) },
          throws: coded("api.not-streaming"))
        #expect(try await pair.text("on") == "AAAAAAAAAABBBBBBBBBBCCCCCCCCCC")
        #expect(upstream.seen.count == 1)
      }
    }
  }

  @Test("A-18 TLS: our authority is trusted where the route says so, an unknown one only if it opts out")
  func tls() async throws {
    try await TestUpstream.with(tls: "server") { upstream in
      let route = ApiRoute(url: upstream.url("/health", scheme: "https"))
      try await ApiPair.with([
        "trusted": Self.limited(route) { $0.authorityFile = TestUpstream.certificate("authority") },
        "unknown": route, "careless": Self.limited(route) { $0.verifiesCertificate = false },
      ]) { (pair) async throws in
        #expect(try await pair.text("trusted") == #"{"ok":true}"#)
        #expect(try await pair.text("careless") == #"{"ok":true}"#)
        #expect(
          try await pair.text("unknown")
            == "Error processing request: the server behind the route is not trusted")
        await #expect(
          performing: { try await pair.text("unknown", .framed) }, throws: coded("api.upstream-untrusted"))
      }
    }
    try await TestUpstream.with(tls: "expired") { upstream in
      var route = ApiRoute(url: upstream.url("/health", scheme: "https"))
      route.authorityFile = TestUpstream.certificate("authority")
      try await ApiPair.with(["r": route]) { (pair) async throws in
        await #expect(performing: { try await pair.text("r", .framed) }, throws: coded("api.upstream-untrusted"))
      }
    }
  }

  @Test("A server on a UNIX socket")
  func unixSocket() async throws {
    let folder = try ApiFolder()
    let path = folder.path + "/s"
    try await TestUpstream.with(socket: path) { upstream in
      let host = path.replacing("/", with: "%2F")
      try await ApiPair.with(["r": .init(url: "http+unix://\(host)/health")]) { (pair) async throws in
        #expect(try await pair.text("r") == #"{"ok":true}"#)
      }
    }
  }

  @Test("A-21 unknown route", arguments: ["nosuch", "", "HEALTH", "health ", " health", "health\0"])
  func unknownRoute(name: String) async throws {
    try await ApiPair.with(["health": "http://127.0.0.1:1/"]) { (pair) async throws in
      #expect(try await pair.text(name) == "Route not found")
      await #expect(performing: { try await pair.text(name, .framed) }, throws: coded("api.route-not-found"))
    }
  }

  @Test(
    "A-33 a route name is a key: a path, a URL or a query leads nowhere",
    arguments: [
      "health/../admin", "/health", "health/", "health?x=1", "health%2f..%2fadmin", "health#x", "../health",
      "http://127.0.0.1:1/", "//127.0.0.1/", "health\r\nHost: x",
    ])
  func pathTricks(name: String) async throws {
    try await TestUpstream.with { upstream in
      try await ApiPair.with(["health": .init(url: upstream.url("/health"))]) { (pair) async throws in
        #expect(try await pair.text(name) == "Route not found")
        #expect(upstream.seen.isEmpty)
      }
    }
  }

  @Test("A-22 A-33 an error says what, never where")
  func upstreamErrors() async throws {
    try await TestUpstream.with { upstream in
      let closed = try await ClosedPort.number()
      let routes: [String: ApiRoute] = [
        "down": .init(url: "http://127.0.0.1:\(closed)/secret", stream: true),
        "abort": .init(url: upstream.url("/abort"), stream: true),
        "cut": .init(url: upstream.url("/cut"), stream: true),
        "name": .init(url: "http://127.0.0.1:\(upstream.port)/nosuch"),
      ]
      try await ApiPair.with(routes) { (pair) async throws in
        #expect(
          try await pair.text("down")
            == "Error processing request: the server behind the route can't be reached")
        for route in ["abort", "cut"] {
          #expect(
            try await pair.text(route)
              == "Error processing request: the server behind the route broke off", "\(route)")
          let pieces = try await pair.caller.call(
            try pair.address, ApiRequest(route: route, responseType: .stream), options: .only(.plain)
          ).body.whole()
          #expect(
            String(buffer: pieces)
              == "0123456789Error processing request: the server behind the route broke off", "\(route)")
          await #expect(
            performing: { try await pair.text(route, .framed) }, throws: coded("api.upstream-broken"))
        }
        #expect(try await pair.text("name") == "no such path")
        for route in routes.keys {
          let answer = (try? await pair.text(route, .framed)) ?? ""
          #expect(!answer.contains("127.0.0.1") && !answer.contains("secret"))
        }
      }
    }
  }

  @Test("A-23 methods: the node's, the route's, in any case; a refusal comes before HTTP")
  func methods() async throws {
    try await TestUpstream.with { upstream in
      try await ApiPair.with([
        "r": .init(url: upstream.url("/echo")),
        "put": Self.limited(.init(url: upstream.url("/echo"))) { $0.allowedMethods = ["put"] },
      ]) { (pair) async throws in
        for method in ["BREW", "DELETE", "", "GET HTTP/1.1\r\nX: Y", "PUT"] {
          #expect(
            try await pair.text("r", method: method)
              == "Error processing request: Method not allowed for route r: \(method)")
        }
        #expect(
          try await pair.text("put") == "Error processing request: Method not allowed for route put: GET")
        #expect(upstream.seen.isEmpty)
        _ = try await pair.text("r", method: "post", body: ByteBuffer(string: "x"))
        _ = try await pair.text("put", method: "Put")
        #expect(upstream.seen.map(\.method) == ["POST", "PUT"])
        #expect(upstream.seen.map(\.body) == [Array("x".utf8), []])
      }
    }
  }

  @Test("A-24 S12 headers: listed ones pass in lower case; a refusal comes before HTTP")
  func headers() async throws {
    try await TestUpstream.with { upstream in
      try await ApiPair.with([
        "r": .init(url: upstream.url("/echo")),
        "open": Self.limited(.init(url: upstream.url("/echo"))) {
          $0.allowedHeaders = ["Authorization", "host", "transfer-encoding", "connection", "content-length", "te"]
        },
      ]) { (pair) async throws in
        let refused = [
          "x-a", "Authorization", "Cookie", "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "Host", "Connection",
          "Transfer-Encoding", "TE", "Upgrade", "Proxy-Authorization", "Content-Length", "bad\r\nheader",
        ]
        for name in refused {
          #expect(
            try await pair.text("r", headers: [name: "1"])
              == "Error processing request: Header not allowed for route r: \(name)")
        }
        for name in ["host", "Transfer-Encoding", "connection", "content-length", "te"] {
          #expect(
            try await pair.text("open", headers: [name: "1"])
              == "Error processing request: Header not allowed for route open: \(name)")
        }
        #expect(
          try await pair.text("r", headers: ["accept": "a\r\nx: y"])
            == "Error processing request: Illegal header value")
        #expect(upstream.seen.isEmpty)
        _ = try await pair.text("r", headers: ["Accept": "text/plain", "CONTENT-TYPE": "a/b"])
        _ = try await pair.text("open", headers: ["Authorization": "Bearer t"])
        let seen = upstream.seen
        #expect(seen.first?.headers["accept"] == ["text/plain"] && seen.first?.headers["content-type"] == ["a/b"])
        #expect(seen.last?.headers["authorization"] == ["Bearer t"])
      }
    }
  }

  @Test("A-25 a request that is too long costs no HTTP call and none of its body is read")
  func requestLimits() async throws {
    try await TestUpstream.with { upstream in
      let route = Self.limited(.init(url: upstream.url("/echo"))) { $0.maximumRequest = 10 }
      try await ApiPair.with(["r": route]) { (pair) async throws in
        #expect(
          try await pair.answer(to: [0x81, 0x80, 0x40])
            == "Error processing request: API request frame exceeded maximum 1048576 bytes")
        #expect(
          try await pair.text("r", method: "POST", body: ByteBuffer(repeating: 0, count: 11))
            == "Error processing request: Request body for route r exceeds maximum 10 bytes")
        #expect(upstream.seen.isEmpty)
        #expect(
          try await pair.text("r", method: "POST", body: ByteBuffer(repeating: 0, count: 10)).contains(
            #""body_len":10"#))
        await #expect(
          performing: { try await pair.text("r", body: ByteBuffer(repeating: 0, count: 1 << 20)) },
          throws: coded("api.too-long"))
      }
    }
  }

  @Test("A-27 a request larger than a window is cut and read", arguments: ApiVersion.allCases)
  func longRequest(version: ApiVersion) async throws {
    try await TestUpstream.with { upstream in
      try await ApiPair.with(["r": .init(url: upstream.url("/echo"))]) { (pair) async throws in
        let answer = try await pair.text("r", version, method: "POST", body: ByteBuffer(repeating: 1, count: 1_000_000))
        #expect(answer.contains(#""body_len":1000000"#))
      }
    }
  }

  @Test("A-25 the answer's limit holds by its announcement and by what comes")
  func responseLimits() async throws {
    try await TestUpstream.with { upstream in
      func route(_ path: String) -> ApiRoute {
        Self.limited(.init(url: upstream.url(path), stream: true)) { $0.maximumResponse = 25 }
      }
      try await ApiPair.with([
        "announced": route("/bytes/26"), "chunked": route("/chunks/3/10"), "fits": route("/bytes/25"),
        "gzip": route("/gzip"),
      ]) { (pair) async throws in
        let text = "Error processing request: API response exceeded maximum 25 bytes"
        #expect(try await pair.text("announced") == text)
        #expect(try await pair.text("chunked") == text)
        #expect(try await pair.text("gzip") == text)
        #expect(try await pair.bytes("fits").readableBytes == 25)
        let pieces = try await pair.caller.call(
          try pair.address, ApiRequest(route: "chunked", responseType: .stream), options: .only(.plain)
        ).body.whole()
        #expect(String(buffer: pieces).hasSuffix(text))
        #expect(pieces.readableBytes <= 25 + text.utf8.count)
        await #expect(performing: { try await pair.text("chunked", .framed) }, throws: coded("api.too-long"))
      }
    }
  }

  @Test("A-26 a silent server is given up at the route's time, before its head and in its body")
  func timeouts() async throws {
    try await TestUpstream.with { upstream in
      func route(_ path: String) -> ApiRoute {
        Self.limited(.init(url: upstream.url(path), stream: true)) { $0.timeout = .milliseconds(200) }
      }
      try await ApiPair.with(["silent": route("/silent"), "drip": route("/drip")]) { (pair) async throws in
        let text = "Error processing request: the server behind the route timed out"
        #expect(try await pair.text("silent") == text)
        #expect(try await pair.text("drip") == text)
        await #expect(performing: { try await pair.text("silent", .framed) }, throws: coded("api.upstream-timeout"))
        await #expect(performing: { try await pair.text("drip", .framed) }, throws: coded("api.upstream-timeout"))
        #expect(try await eventually { upstream.abandoned == 4 })
      }
    }
  }

  @Test("The whole call ends at the route's deadline and at the caller's")
  func deadlines() async throws {
    try await TestUpstream.with { upstream in
      try await ApiPair.with([
        "short": Self.limited(.init(url: upstream.url("/silent"))) { $0.deadline = .milliseconds(200) },
        "long": .init(url: upstream.url("/silent")),
      ]) { (pair) async throws in
        await #expect(performing: { try await pair.text("short", .framed) }, throws: coded("api.deadline"))
        var options = ApiCallOptions.only(.framed)
        options.deadline = .milliseconds(200)
        await #expect(
          performing: { try await pair.caller.callRemote(try pair.address, "long", options: options) },
          throws: { coded("api.deadline")($0) || coded("stream.deadline")($0) })
        #expect(try await eventually { upstream.abandoned == 2 })
      }
    }
  }

  @Test("A-31 another validator rewrites the request, but not past the rules of headers")
  func validator() async throws {
    struct Rewriting: ApiRequestValidator {
      func validate(_ call: ApiCall) throws -> ForwardedRequest {
        guard call.request.route != "no" else { throw ApiError(.refused, "not today") }
        guard call.request.route != "odd" else { throw CocoaError(.fileNoSuchFile) }
        return ForwardedRequest(
          method: "POST", headers: ["x-peer": call.peer.description, "Host": "evil", "connection": "close"],
          body: ByteBuffer(string: "rewritten"), timeout: .seconds(30), deadline: .seconds(30), maximumResponse: 1_000)
      }
    }
    try await TestUpstream.with { upstream in
      let route = ApiRoute(url: upstream.url("/echo"))
      var config = ApiProtocolConfig(routes: ["r": route, "no": route, "odd": route])
      config.validator = Rewriting()
      try await ApiPair.with(config) { (pair) async throws in
        #expect(try await pair.text("no") == "Error processing request: not today")
        #expect(try await pair.text("odd") == "Error processing request: not allowed")
        _ = try await pair.text("r")
        let seen = try #require(upstream.seen.first)
        #expect(seen.method == "POST" && seen.body == Array("rewritten".utf8))
        #expect(seen.headers["x-peer"] == [pair.callerHost.peerID.description])
        #expect(seen.headers["host"] == ["127.0.0.1:\(upstream.port)"])
        #expect(seen.headers["connection"] != ["close"])
      }
    }
  }

  @Test("A-32 the caller's own cap ends the call, and no stream stays open", arguments: ApiVersion.allCases)
  func callerCap(version: ApiVersion) async throws {
    try await TestUpstream.with { upstream in
      try await ApiPair.with(["r": .init(url: upstream.url("/endless"), stream: true)]) { (pair) async throws in
        var options = ApiCallOptions.only(version)
        options.maximumResponse = 100_000
        await #expect(
          performing: {
            for try await _ in pair.caller.streamRemote(try pair.address, "r", options: options) {}
          }, throws: coded("api.too-long"))
        #expect(try await eventually { upstream.abandoned == 1 })
        let connection = try #require(pair.callerHost.connections(with: pair.serverHost.peerID).first)
        #expect(try await eventually { connection.streamCount == 0 })
      }
    }
  }

  @Test("Status and harmless headers come with version 1.1.0; redirects are not followed")
  func statusAndHeaders() async throws {
    try await TestUpstream.with { upstream in
      try await ApiPair.with([
        "s": Self.limited(.init(url: upstream.url("/status/418"))) { $0.responseHeaders = ["X-Up"] },
        "redirect": .init(url: upstream.url("/redirect")), "gzip": .init(url: upstream.url("/gzip")),
        "health": .init(url: upstream.url("/health")), "empty": .init(url: upstream.url("/empty")),
      ]) { (pair) async throws in
        func call(_ route: String) async throws -> ApiResponse {
          try await pair.caller.call(try pair.address, ApiRequest(route: route))
        }
        let teapot = try await call("s")
        #expect(teapot.version == .framed && teapot.status == 418)
        #expect(teapot.headers.map(\.name) == ["x-up"])
        #expect(String(buffer: try await teapot.body.whole()) == "status 418")
        let redirect = try await call("redirect")
        #expect(redirect.status == 302 && redirect.headers.isEmpty)
        #expect(try await call("health").headers.map(\.name) == ["content-type"])
        let unpacked = try await call("gzip")
        #expect(unpacked.headers.isEmpty)
        #expect(String(buffer: try await unpacked.body.whole()) == String(repeating: "hello gzip", count: 10))
        let empty = try await call("empty")
        #expect(empty.status == 204)
        #expect(try await empty.body.whole().readableBytes == 0)
        #expect(!upstream.seen.contains { $0.uri == "/health" && upstream.seen.count == 1 })
      }
    }
  }

  @Test("A peer that speaks only 1.0.0 is called in it")
  func fallback() async throws {
    try await TestUpstream.with { upstream in
      try await ApiPair.with(["r": .init(url: upstream.url("/health"))]) { (pair) async throws in
        pair.serverHost.stopHandling(ApiVersion.framed.protocolID)
        let answer = try await pair.caller.call(try pair.address, ApiRequest(route: "r"))
        #expect(answer.version == .plain && answer.status == nil)
        #expect(String(buffer: try await answer.body.whole()) == #"{"ok":true}"#)
      }
    }
  }

  @Test("Connections to a server are kept and shared")
  func pooled() async throws {
    try await TestUpstream.with { upstream in
      try await ApiPair.with(["r": .init(url: upstream.url("/health"))]) { (pair) async throws in
        for _ in 0..<20 { _ = try await pair.text("r", .framed) }
        #expect(upstream.connections == 1)
      }
    }
  }
}

/// A port on which nothing listens.
enum ClosedPort {
  static func number() async throws -> Int {
    let server = try await TestUpstream.start()
    let port = server.port
    await server.stop()
    return port
  }
}
