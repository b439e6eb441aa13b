import Crypto
import Foundation
import LibP2P
import NIOCore
import Testing

@testable import Protocols

@Suite(
  "API protocol with py-libp2p", .serialized, .timeLimit(.minutes(5)),
  .enabled(if: InteropTier.has(.pyLibP2P), "py-libp2p is not there"))
struct ApiInteropTests {
  /// Where a published node would be, and what it is made of.
  enum Peer: CaseIterable, CustomTestStringConvertible {
    /// Our own words on py-libp2p, after subnet-wire.md §4.
    case own
    /// The template itself.
    case template

    static var present: [Peer] { hasTemplate ? allCases : [.own] }

    /// Whether `SUBNET_TEMPLATE` names a checkout.
    static var hasTemplate: Bool { ProcessInfo.processInfo.environment["SUBNET_TEMPLATE"]?.isEmpty == false }

    /// Its caller; `template` needs to be told to use Noise.
    var caller: (script: String, arguments: [String]) {
      self == .own ? ("subnet/api_peer.py", []) : ("subnet/ref_api_client.py", ["--security", "noise"])
    }

    var testDescription: String { self == .own ? "py-libp2p" : "the template" }
  }

  /// A node of ours with all services, so that it learns what others are.
  private func withNode(
    _ config: ApiProtocolConfig, _ body: (ApiProtocol, PeerServices) async throws -> Void
  ) async throws {
    var configuration = HostConfiguration(identity: try PrivateKey.generate(.ed25519))
    configuration.logger = .quiet
    configuration.listenAddresses = [try Multiaddr("/ip4/127.0.0.1/tcp/0")]
    configuration.timeouts.shutdown = .milliseconds(200)
    let services = PeerServices(try P2PHost(configuration))
    try await services.host.start()
    try await withThrowingTaskGroup(of: Void.self) { group in
      defer { group.cancelAll() }
      group.addTask { try await services.run() }
      let api = ApiProtocol(host: services.host, config: config, gate: .insecure(), peers: services.store)
      try await body(api, services)
    }
  }

  /// Calls routes of our node from a Python peer, those whose names begin with `stream:` streamed.
  private func call(
    _ peer: Peer, _ services: PeerServices, _ routes: [String], _ more: [String] = []
  ) async throws -> [String: ForeignPeer.Line] {
    let address = try #require(services.host.listenAddresses.first).withPeer(services.host.peerID)
    let arguments = peer.caller.arguments + ["--to", address.description] + more
    var results: [String: ForeignPeer.Line] = [:]
    switch peer {
    case .own:
      let all = routes.flatMap { ["--route", $0] }
      try await ForeignPeer.running(.pyLibP2P, peer.caller.script, arguments + all) { caller in
        for route in routes { results[route] = await caller.line("result") }
      }
    case .template:
      for route in routes {
        let name = route.replacing("stream:", with: "")
        let one = ["--route", name] + (name == route ? [] : ["--stream"])
        try await ForeignPeer.running(.pyLibP2P, peer.caller.script, arguments + one) { caller in
          results[route] = await caller.line("result")
        }
      }
    }
    return results
  }

  private func digest(_ count: Int) -> String {
    SHA256.hash(data: (0..<count).map { UInt8($0 % 251) }).map { byte in
      let hex = String(byte, radix: 16)
      return hex.count == 1 ? "0" + hex : hex
    }.joined()
  }

  @Test("A published caller gets whole answers from our node, in its one read", arguments: Peer.present)
  func called(by peer: Peer) async throws {
    try await TestUpstream.with { upstream in
      var routes: [String: ApiRoute] = [
        "health": .init(url: upstream.url("/health")), "echo": .init(url: upstream.url("/echo")),
        "abort": .init(url: upstream.url("/abort"), stream: true),
        "chunks": .init(url: upstream.url("/chunks/10/20000"), stream: true),
        "empty": .init(url: upstream.url("/empty"), stream: true),
      ]
      for size in [65_525, 262_000, 300_000] {
        routes["\(size)"] = .init(url: upstream.url("/bytes/\(size)"), stream: true)
      }
      try await withNode(ApiProtocolConfig(routes: routes)) { _, services in
        let answers = try await call(
          peer, services,
          [
            "health", "nosuch", "stream:health", "65525", "262000", "300000", "stream:300000", "stream:chunks",
            "stream:abort", "empty", "stream:empty",
          ])
        #expect(answers["health"]?["text"]?.text == #"{"ok":true}"#)
        #expect(answers["nosuch"]?["text"]?.text == "Route not found")
        #expect(answers["stream:health"]?["text"]?.text == "Route does not support streaming: health")
        for (route, size) in [("65525", 65_525), ("262000", 262_000), ("stream:300000", 300_000)] {
          #expect(answers[route]?["len"]?.count == size && answers[route]?["sha256"]?.text == digest(size), "\(route)")
        }
        #expect(
          answers["300000"]?["text"]?.text == "Error processing request: API response exceeded maximum 262000 bytes")
        #expect(answers["stream:chunks"]?["len"]?.count == 200_000)
        #expect(
          answers["stream:abort"]?["text"]?.text
            == "0123456789Error processing request: the server behind the route broke off")
        // Nothing is what the published caller can't bear in a unary call.
        #expect(answers["empty"]?["end"]?.text == "StreamEOF" || answers["empty"]?["error"]?.text == "StreamEOF")
        #expect(answers["stream:empty"]?["len"]?.count == 0)
        if peer == .own {
          let request = ["--method", "POST", "--header", "content-type=text/plain", "--body-length", "200000"]
          _ = try await call(peer, services, ["echo"], request)
          let seen = try #require(upstream.seen.last)
          #expect(seen.method == "POST" && seen.body == (0..<200_000).map { UInt8($0 % 251) })
          #expect(seen.headers["content-type"] == ["text/plain"])
        }
      }
    }
  }

  @Test("Beyond its window a published caller gets one frame if the node may send it", arguments: Peer.present)
  func exceedingWindow(of peer: Peer) async throws {
    try await TestUpstream.with { upstream in
      var config = ApiProtocolConfig(routes: ["r": .init(url: upstream.url("/bytes/1000000"))])
      config.limits.exceedsWindows = true
      try await withNode(config) { _, services in
        // The first calls may come before the caller has said what it is.
        let address = try #require(services.host.listenAddresses.first).withPeer(services.host.peerID)
        let arguments = ["--to", address.description, "--route", "r", "--repeat", "100"]
        try await ForeignPeer.running(.pyLibP2P, peer.caller.script, peer.caller.arguments + arguments) { caller in
          var answer = await caller.line("result")
          while let last = answer, last["len"]?.count != 1_000_000 { answer = await caller.line("result") }
          #expect(answer?["sha256"]?.text == digest(1_000_000))
        }
      }
    }
  }

  @Test("Our node calls a py-libp2p peer in version 1.0.0: whole, streamed, cut, aborted, silent")
  func calling() async throws {
    try await ForeignPeer.running(.pyLibP2P, "subnet/api_peer.py") { peer in
      let line = try #require(await peer.line("listening"))
      let address = try Multiaddr(try #require(line["multiaddr"]?.text))
      try await withNode(ApiProtocolConfig()) { (api, services) async throws in
        let health = try await api.call(address, ApiRequest(route: "health"))
        #expect(health.version == .plain && health.status == nil)
        #expect(String(buffer: try await health.body.whole()) == #"{"ok":true}"#)
        #expect(try await eventually { services.store.identity(of: try #require(address.peerID))?.isPython == true })
        // A request of this length is lost unless it comes in one frame.
        let echo = try await api.callRemote(
          address, "echo", method: "POST", headers: ["accept": "a/b"], body: ByteBuffer(repeating: 7, count: 250_000))
        #expect(
          String(buffer: echo)
            == #"{"body":250000,"headers":{"accept":"a/b"},"kind":0,"method":"POST","route":"echo"}"#)
        // Its yamux sends what is beyond one frame in others; we read to the end.
        #expect(try await api.callRemote(address, "bytes-200000").readableBytes == 200_000)
        let suspect = try await api.call(address, ApiRequest(route: "bytes-65524"))
        #expect(try await suspect.body.whole().readableBytes == 65_524)
        #expect(suspect.body.isSuspect)
        var text = ""
        for try await piece in api.streamRemote(address, "pieces") { text += String(buffer: piece) }
        #expect(text == "one,two,three")
        await #expect(
          performing: { try await api.callRemote(address, "reset") }, throws: coded("stream.reset"))
        var options = ApiCallOptions()
        options.silence = .milliseconds(300)
        await #expect(
          performing: { try await api.callRemote(address, "silent", options: options) },
          throws: coded("stream.deadline"))
        #expect(String(buffer: try await api.callRemote(address, "nosuch")) == "Route not found")
      }
    }
  }

  @Test(
    "Our node calls the template",
    .enabled(if: Peer.hasTemplate, "SUBNET_TEMPLATE is not set: the template is not called"))
  func callingTemplate() async throws {
    try await TestUpstream.with { upstream in
      let folder = try ApiFolder()
      let routes = try folder.write(
        """
        {"health": "\(upstream.url("/health"))", "small": "\(upstream.url("/bytes/65000"))",
         "stream": {"url": "\(upstream.url("/chunks/5/1000"))", "stream": true}}
        """)
      try await ForeignPeer.running(
        .pyLibP2P, "subnet/ref_api_server.py", ["--port", "0", "--routes", routes, "--security", "noise"]
      ) { peer in
        let line = try #require(await peer.line("listening"))
        let address = try Multiaddr(try #require(line["multiaddr"]?.text))
        try await withNode(ApiProtocolConfig()) { (api, _) async throws in
          #expect(String(buffer: try await api.callRemote(address, "health")) == #"{"ok":true}"#)
          #expect(try await api.callRemote(address, "small").readableBytes == 65_000)
          var count = 0
          for try await piece in api.streamRemote(address, "stream") { count += piece.readableBytes }
          #expect(count == 5_000)
          #expect(String(buffer: try await api.callRemote(address, "nosuch")) == "Route not found")
        }
      }
    }
  }
}

extension JSONField {
  /// A number without a fraction.
  fileprivate var count: Int? { if case .number(let number) = self { Int(exactly: number) } else { nil } }
}
