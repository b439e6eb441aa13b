import Foundation
import LibP2P
import NIOCore
import Testing

@testable import Protocols

@Suite("API protocol beside the published nodes", .timeLimit(.minutes(2)))
struct ApiVectorTests {
  /// The routes that were behind the recorded calls.
  private func routes(_ upstream: TestUpstream) -> [String: ApiRoute] {
    var routes: [String: ApiRoute] = [
      "health": .init(url: upstream.url("/health")), "echo": .init(url: upstream.url("/echo")),
      "legacy": .init(url: upstream.url("/health")), "s404": .init(url: upstream.url("/status/404"), stream: true),
      "s500": .init(url: upstream.url("/status/500")), "empty": .init(url: upstream.url("/empty"), stream: true),
      "gzip": .init(url: upstream.url("/gzip"), stream: true), "redirect": .init(url: upstream.url("/redirect")),
      "down": .init(url: "http://127.0.0.1:1/", stream: true),
      "abort": .init(url: upstream.url("/abort"), stream: true),
      // Four seconds within a limit of five, and seven beyond it.
      "hang4": .init(url: upstream.url("/hang/40")), "hang7": .init(url: upstream.url("/silent")),
      "b1k": .init(url: upstream.url("/bytes/1000"), stream: true),
      "b65k": .init(url: upstream.url("/bytes/65000"), stream: true),
      "b100k": .init(url: upstream.url("/bytes/100000"), stream: true),
      "b300k": .init(url: upstream.url("/bytes/300000"), stream: true),
      "b5m": .init(url: upstream.url("/bytes/5000000"), stream: true), "badstream": "nowhere", "nourl": "",
    ]
    for size in [65_507, 65_508, 65_524, 65_525] {
      routes["b\(size)"] = .init(url: upstream.url("/bytes/\(size)"), stream: true)
    }
    routes["hang7"]?.timeout = .milliseconds(200)
    return routes
  }

  /// What our node answers to a recorded call.
  private func answer(_ call: ApiVectors.Call, _ pair: ApiPair) async throws -> ByteBuffer {
    var request = ApiRequest(route: call.route)
    if call.args == "--stream" { request.responseType = .stream }
    return try await pair.caller.call(try pair.address, request, options: .only(.plain)).body.whole()
  }

  /// Where the published nodes cut bodies or leak addresses, ours does better; everything else is the same.
  @Test("The recorded calls get the recorded answers")
  func matrix() async throws {
    let calls = try ApiVectors.read("api_matrix", as: [ApiVectors.Call].self)
    #expect(calls.count == 164)
    let recorded = Dictionary(grouping: calls.filter { $0.args.isEmpty || $0.args == "--stream" }) {
      "\($0.route) \($0.args)"
    }
    try await TestUpstream.with { upstream in
      try await ApiPair.with(routes(upstream)) { (pair) async throws in
        for (name, calls) in recorded.sorted(by: { $0.key < $1.key }) {
          let call = try #require(calls.first)
          let bytes = try await answer(call, pair)
          let text = String(decoding: bytes.readableBytesView.prefix(200), as: UTF8.self)
          if call.route.hasPrefix("b"), let size = Self.sizes[call.route] {
            let whole = bytes.readableBytes == size || text.hasSuffix("exceeded maximum 262000 bytes")
            #expect(
              whole && (call.args == "--stream" || size <= PlainAnswer.windowFrame) == (bytes.readableBytes == size))
          } else if let error = calls.compactMap(\.text).first(where: { $0.contains("Error processing request: ") }) {
            let head = error.prefix(upTo: error.range(of: "Error")?.lowerBound ?? error.startIndex)
            #expect(text.hasPrefix(head + "Error processing request: "), "\(name)")
            #expect(!text.contains("127.0.0.1"))
          } else if call.ok {
            #expect(text == call.text, "\(name)")
          } else {
            #expect(bytes.readableBytes == 0, "\(name)")
          }
        }
      }
    }
  }

  private static let sizes = [
    "b1k": 1_000, "b65k": 65_000, "b65507": 65_507, "b65508": 65_508, "b65524": 65_524, "b65525": 65_525,
    "b100k": 100_000, "b300k": 300_000, "b5m": 5_000_000,
  ]

  @Test("The recorded edge cases end as recorded, or better")
  func edgeCases() async throws {
    let edges = try ApiVectors.read("api_edge_cases", as: [ApiVectors.Edge].self)
    func recorded(_ name: String) throws -> ApiVectors.Edge {
      try #require(edges.first { $0.case.hasPrefix(name) }, "\(name)")
    }
    try await TestUpstream.with { upstream in
      try await ApiPair.with(routes(upstream)) { (pair) async throws in
        let health = try [UInt8](buffer: ApiRequest(route: "health").frame())
        #expect(try await pair.answer(to: health, finishing: true) == recorded("half-close").head)
        #expect(try await pair.answer(to: health + [1, 2, 3]) == recorded("trailing bytes").head)
        let odd = try [UInt8](buffer: ApiRequest(route: "health", responseType: .unknown(7)).frame())
        #expect(try await pair.answer(to: odd) == recorded("response_type 7").head)
        // Published nodes lose a request that comes in two frames; ours waits for the second.
        #expect(try recorded("message cut in two frames 300 ms apart").len == 0)
        let stream = try await pair.rawStream()
        try await stream.write(ByteBuffer(bytes: health.prefix(6)))
        try await stream.write(ByteBuffer(bytes: health.dropFirst(6)))
        #expect(try await stream.read(exactly: 11) == ByteBuffer(string: #"{"ok":true}"#))
        stream.close()
        // Published nodes pass on what would frame or route the request; ours refuse it.
        for header in ["host", "x-forwarded-for", "transfer-encoding"] {
          #expect(
            try await pair.text("echo", headers: [header: "x"])
              == "Error processing request: Header not allowed for route echo: \(header)")
        }
        let prefix = "Error processing request: "
        for name in ["CRLF in a header", "CRLF in the method"] {
          #expect(try recorded(name).head?.hasPrefix(prefix) == true)
        }
        #expect(try await pair.text("echo", headers: ["a\r\nb": "c"]).hasPrefix(prefix))
        #expect(try await pair.text("echo", method: "GET\r\nX").hasPrefix(prefix))
        #expect(upstream.seen.allSatisfy { $0.uri == "/health" })
      }
    }
  }

  @Test("Texts for published callers are the published ones")
  func texts() throws {
    let texts = try ApiVectors.read("api_protocol", as: ApiVectors.Requests.self).literal_server_texts
    #expect(Array(ApiError.routeNotFound.text.utf8) == ApiVectors.bytes(hex: try #require(texts["unknown_route"])))
    #expect("utf8('\(ApiError.notStreaming("").text)' + route)" == texts["not_streaming"])
    #expect("utf8('\(ApiError(.broken, "").text)' + str(exception))" == texts["exception"])
  }
}
