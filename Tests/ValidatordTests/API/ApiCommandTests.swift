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
  private func withServer(_ routes: String, _ body: (_ address: String) async throws -> Void) async throws {
    let process = Process()
    process.executableURL = URL(filePath: Program.executable)
    process.arguments =
      ["api", "serve", "--routes", routes, "--address", "/ip4/127.0.0.1/tcp/0", "--format", "json"] + Self.insecure
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    defer { kill(process.processIdentifier, SIGKILL) }
    struct Line: Decodable {
      var event: String
      var addresses: [String]
    }
    let line = try JSONDecoder().decode(Line.self, from: try #require(await Self.line(of: output)))
    #expect(line.event == "listening")
    try await body(try #require(line.addresses.first))
    process.terminate()
    while process.isRunning { try await Task.sleep(for: .milliseconds(10)) }
    #expect(process.terminationReason == .exit && process.terminationStatus == 0)
  }

  private static func line(of pipe: Pipe) async -> Data? {
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        var text = Data()
        while !text.contains(UInt8(ascii: "\n")) {
          let piece = pipe.fileHandleForReading.availableData
          if piece.isEmpty { return continuation.resume(returning: nil) }
          text += piece
        }
        continuation.resume(returning: text)
      }
    }
  }

  private func call(_ address: String, _ arguments: String...) async throws -> Program.Result {
    try await Program.run(["api", "call", address] + arguments + Self.insecure)
  }

  @Test("serve answers call from the server behind a route, and tells failures by code and exit code")
  func serveAndCall() async throws {
    let server = try HTTPServer()
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
    try await withRoutes(#"{"good": {"url": "http://127.0.0.1:8000/x", "stream": true, "min_class": "validator"}}"#) {
      let good = try await Program.run(["routes", "check", $0])
      #expect(good.status == 0, "\(good.errors)")
      for word in ["\"good\"", "http://127.0.0.1:8000/x", "GET, POST", "1048576", "30.0 s", "validator"] {
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

/// A real HTTP server: says what it was asked, with 404 for `/gone`.
private final class HTTPServer {
  let port: Int
  private let process = Process()

  init() throws {
    let output = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", "-c", Self.script]
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    port = try #require(Int(line.trimmingCharacters(in: .whitespacesAndNewlines)))
  }

  func stop() { kill(process.processIdentifier, SIGKILL) }

  private static let script = """
    from http.server import BaseHTTPRequestHandler, HTTPServer
    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            self.rfile.read(int(self.headers.get("content-length") or 0))
            body = f"{self.command} {self.path}".encode()
            self.send_response(404 if self.path == "/gone" else 200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        do_GET = do_POST = answer
        log_message = lambda *_: None
    server = HTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()
    """
}
