import Foundation
import Testing

@Suite("The api and routes commands", .serialized)
struct ApiCommandTests {
  private static let insecure = ["--insecure-no-stake"]

  /// A folder with a routes file, removed at the end.
  private func withRoutes(_ text: String, _ body: (_ path: String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "routes-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "routes.json").path
    try Data(text.utf8).write(to: URL(filePath: path))
    try await body(path)
  }

  /// Runs `body` beside a serving program; it gets the address.
  private func withServer(
    _ routes: String, _ more: [String] = [], _ body: (_ address: String) async throws -> Void
  ) async throws {
    let serve = ["api", "serve", "--routes", routes, "--address", "/ip4/127.0.0.1/tcp/0", "--format", "json"]
    try await RunningProgram.with(serve + more + Self.insecure) { program in
      try await body(try await program.address())
      program.terminate()
      #expect(try await program.end() == 0)
    }
  }

  private func call(_ address: String, _ arguments: String...) async throws -> Program.Result {
    try await Program.run(["api", "call", address] + arguments + Self.insecure)
  }

  @Test("serve answers call from the server behind a route, and tells failures by code and exit code")
  func serveAndCall() async throws {
    let server = try TestHTTPServer()
    defer { server.stop() }
    try await withRoutes(
      """
      {"here": {"url": "http://127.0.0.1:\(server.port)/here", "stream": true},
       "gone": "http://127.0.0.1:\(server.port)/gone", "down": "http://127.0.0.1:1/"}
      """
    ) { routes in
      try await withServer(routes) { address in
        let here = try await call(address, "here")
        #expect(here.status == 0 && here.output == "GET /here", "\(here.errors)")
        let stream = try await call(address, "here", "--stream", "--method", "POST", "--body", "x")
        #expect(stream.output == "POST /here", "\(stream.errors)")
        let json = try await call(address, "here", "--format", "json")
        #expect(json.output.contains(#""status": 200"#) && json.output.contains(#""body": "GET /here""#))
        let gone = try await call(address, "gone")
        #expect(gone.status == 1 && gone.errors.contains("[api.status]") && gone.output == "GET /gone")
        let down = try await call(address, "down")
        #expect(down.status == 69 && down.errors.contains("[api.upstream-unreachable]"))
        #expect(!down.errors.contains("127.0.0.1"))
        let unknown = try await call(address, "nosuch")
        #expect(unknown.status == 1 && unknown.errors.contains("[api.route-not-found]"))
        let header = try await call(address, "here", "--header", "cookie: a")
        #expect(header.status == 1 && header.errors.contains("[api.header]"))
      }
    }
  }

  @Test("serve joins others by --bootstrap, and calls find it there by its peer id alone")
  func bootstrap() async throws {
    let server = try TestHTTPServer()
    defer { server.stop() }
    let listen = ["p2p", "listen", "--address", "/ip4/127.0.0.1/tcp/0", "--format", "json"]
    try await withRoutes(#"{"here": "http://127.0.0.1:\#(server.port)/here"}"#) { routes in
      try await RunningProgram.with(listen) { other in
        let bootstrap = ["--bootstrap", try await other.address()]
        try await withServer(routes, bootstrap) { address in
          let peer = try #require(address.split(separator: "/").last.map(String.init))
          var found = try await Program.run(["api", "call", peer, "here"] + bootstrap + Self.insecure)
          // The bootstrap peer has to have asked the serving one who it is.
          for _ in 0..<50 where found.errors.contains("[kad.not-found]") {
            try await Task.sleep(for: .milliseconds(100))
            found = try await Program.run(["api", "call", peer, "here"] + bootstrap + Self.insecure)
          }
          #expect(found.status == 0 && found.output == "GET /here", "\(found.errors)")
          let ping = try await Program.run(["p2p", "ping", peer, "--count", "1"] + bootstrap)
          #expect(ping.status == 0, "\(ping.errors)")
          let identify = try await Program.run(["p2p", "identify", peer] + bootstrap)
          #expect(identify.output.contains("/subnet/api_protocol/1.1.0"), "\(identify.errors)")
          // It is there, and serves no procedures.
          let rpc = try await Program.run(["rpc", "call", peer, "DHTProtocol.rpc_ping"] + bootstrap + Self.insecure)
          #expect(rpc.status == 76 && rpc.errors.contains("[negotiation.unsupported]"), "\(rpc.errors)")
          let alone = try await call(peer, "here")
          #expect(alone.status == 64 && alone.errors.contains("[usage.bootstrap]"), "\(alone.errors)")
          let remote = try await call(peer, "here", "--bootstrap", "/ip4/192.0.2.1/tcp/4001/p2p/\(peer)")
          #expect(remote.status == 77 && remote.errors.contains("[usage.insecure]"), "\(remote.errors)")
        }
      }
    }
  }

  @Test("Without stake only this machine is served and called")
  func insecure() async throws {
    try await withRoutes("{}") { routes in
      let serve = try await Program.run(
        ["api", "serve", "--routes", routes, "--address", "/ip4/0.0.0.0/tcp/0"] + Self.insecure)
      #expect(serve.status == 77 && serve.errors.contains("[usage.insecure]"))
    }
    let peer = "12D3KooWN9BApNWoRZgpo362uqGtDARZaqBo8kfbdrBBGptH49fk"
    let remote = try await call("/ip4/192.0.2.1/tcp/4001/p2p/\(peer)", "health")
    #expect(remote.status == 77 && remote.errors.contains("[usage.insecure]"))
    let bare = try await call("/ip4/127.0.0.1/tcp/1", "health")
    #expect(bare.status == 64 && bare.errors.contains("[api.destination]"))
    let ungated = try await Program.run(["api", "call", "/ip4/127.0.0.1/tcp/1/p2p/\(peer)", "health"])
    #expect(ungated.status == 64 && ungated.errors.contains("--insecure-no-stake"))
  }

  @Test("routes check explains every route and every error")
  func check() async throws {
    try await withRoutes(
      #"{"good": {"url": "http://127.0.0.1:8000/x", "stream": true, "min_class": "validator", "max_per_minute": 40}}"#
    ) {
      let good = try await Program.run(["routes", "check", $0])
      #expect(good.status == 0, "\(good.errors)")
      for word in [
        "\"good\"", "http://127.0.0.1:8000/x", "GET, POST", "1048576", "30.0 s", "validator", "40 in a minute",
      ] {
        #expect(good.output.contains(word), "\(word)")
      }
    }
    try await withRoutes(#"{"far": "http://10.0.0.1/", "odd": {"url": "http://localhost/", "x": 1}}"#) {
      let bad = try await Program.run(["routes", "check", $0])
      #expect(bad.status == 78 && bad.errors.contains("[routes.errors]"))
      #expect(bad.output.contains("[route.remote]") && bad.output.contains("[route.unknown-key]"))
      let json = try await Program.run(["routes", "check", $0, "--format", "json"])
      #expect(json.status == 78 && json.output.contains(#""code": "route.remote""#))
    }
    try await withRoutes("{") {
      let broken = try await Program.run(["routes", "check", $0])
      #expect(broken.status == 78 && broken.errors.contains("[routes.not-json]"))
    }
    let missing = try await Program.run(["routes", "check", "/nowhere/routes.json"])
    #expect(missing.status == 69 && missing.errors.contains("[routes.unreadable]"))
  }
}
