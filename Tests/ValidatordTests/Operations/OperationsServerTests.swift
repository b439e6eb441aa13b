import Foundation
import FoundationNetworking
import Logging
import NIOCore
import Synchronization
import Testing

@testable import validatord

@Suite("Operations over HTTP", .timeLimit(.minutes(1)))
struct OperationsServerTests {
  /// Runs `body` beside a server on a free port; it gets the URL.
  private func serving(_ board: HealthBoard, _ body: (String) async throws -> Void) async throws {
    let server = OperationsServer(
      try SocketAddress(ipAddress: "127.0.0.1", port: 0), health: board, metrics: MetricsRegistry(), role: "hoster",
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let running = Task { try await server.run() }
    try await body(try await server.url())
    running.cancel()
    _ = await running.result
  }

  private func get(_ url: String, host: String? = nil) async throws -> (Int, String) {
    var request = URLRequest(url: try #require(URL(string: url)))
    if let host { request.setValue(host, forHTTPHeaderField: "Host") }
    let (data, response) = try await URLSession.shared.data(for: request)
    return ((response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: data, as: UTF8.self))
  }

  @Test("Each part is named, and 503 says that one is not well: /readyz about work, /healthz about all")
  func health() async throws {
    let board = HealthBoard()
    let state = Mutex(PartHealth.waiting("loads"))
    board.add("chain") { .well("up") }
    board.add("workers") { state.withLock { $0 } }
    try await serving(board) { url in
      for (health, ready, healthy) in [
        (PartHealth.waiting("loads"), 503, 503), (.impaired("fails"), 200, 503), (.well("computes"), 200, 200),
      ] {
        state.withLock { $0 = health }
        let answer = try await get(url + "/readyz")
        #expect(answer.0 == ready)
        #expect(answer.1.contains("\"detail\":\"\(health.text)\""), "\(answer.1)")
        #expect(try await get(url + "/healthz").0 == healthy)
        #expect(try await get(url + "/livez").0 == 200)
        let metrics = try await get(url + "/metrics")
        #expect(metrics.0 == 200)
        #expect(metrics.1.contains("validatord_part_ready{part=\"workers\"} \(ready == 200 ? 1 : 0)"))
        #expect(metrics.1.contains("validatord_build_info{role=\"hoster\",version=\"\(Validatord.version)\"} 1"))
      }
      #expect(try await get(url + "/else").0 == 404)
    }
  }

  @Test("S15 on loopback a name that is none of this machine's is refused, so that no web page can read it")
  func rebinding() async throws {
    try await serving(HealthBoard()) { url in
      let port = url.split(separator: ":").last.map(String.init) ?? ""
      for host in ["evil.example", "evil.example:\(port)", "127.0.0.1.evil.example", "localhost.evil", "127.1"] {
        let answer = try await get(url + "/metrics", host: host)
        #expect(answer.0 == 421, "\(host)")
      }
      for host in ["localhost:\(port)", "127.0.0.1:\(port)", "127.0.0.1", "[::1]:\(port)", "LOCALHOST"] {
        let answer = try await get(url + "/metrics", host: host)
        #expect(answer.0 == 200, "\(host)")
      }
    }
  }

  @Test("A port that is taken is told with the key to change")
  func taken() async throws {
    try await serving(HealthBoard()) { url in
      let port = try #require(url.split(separator: ":").last.flatMap { Int($0) })
      let second = OperationsServer(
        try SocketAddress(ipAddress: "127.0.0.1", port: port), health: HealthBoard(), metrics: MetricsRegistry(),
        role: "hoster", logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      let error = await #expect(throws: CommandError.self) { try await second.run() }
      #expect(error?.code == "operations.listen" && error?.remedy.contains("operations.listen") == true)
      await #expect(throws: CommandError.self) { try await second.url() }
    }
  }
}
