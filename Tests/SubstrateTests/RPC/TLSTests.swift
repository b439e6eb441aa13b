import Foundation
import NIOSSL
import Substrate
import Testing

@Suite("TLS")
struct TLSTests {
  private static func path(_ file: String) -> String {
    URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Vectors/tls/\(file)").path
  }

  private func withServer(
    _ certificate: String, _ body: (RPCTestServer, RPCConnectionOptions) async throws -> Void
  ) async throws {
    let configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: try NIOSSLCertificate.fromPEMFile(Self.path("\(certificate).pem"))
        .map { .certificate($0) },
      privateKey: .privateKey(
        try NIOSSLPrivateKey(file: Self.path("\(certificate)-TEST-ONLY.key.pem"), format: .pem)))
    let server = try await RPCTestServer.start(tls: NIOSSLContext(configuration: configuration)) {
      request, _ in
      [.send(Answer.result(request, true))]
    }
    var options = RPCConnectionOptions()
    options.trustRoots = .file(Self.path("authority.pem"))
    try await body(server, options)
    await server.stop()
  }

  private func call(_ url: String, _ options: RPCConnectionOptions) async throws -> JSONValue {
    let endpoint = try RPCEndpoint(url)
    guard url.hasPrefix("wss") else {
      let connection = try HTTPRPCConnection(to: endpoint, options: options)
      let result = await Result { () async throws in try await connection.call("x") }
      await connection.close()
      return try result.get()
    }
    let connection = try await WebSocketConnection.connect(to: endpoint, options: options)
    let result = try await connection.call("x")
    await connection.close()
    return result
  }

  @Test(
    "A certificate of the trusted authority for this name or address is accepted",
    arguments: ["wss", "https"])
  func right(_ scheme: String) async throws {
    try await withServer("server") { (server, options) async throws in
      for host in ["localhost", "127.0.0.1"] {
        #expect(try await call("\(scheme)://\(host):\(server.port)", options) == true)
      }
    }
  }

  @Test(
    "A certificate for another host, one that is over, or one of an unknown authority is refused",
    arguments: ["misnamed", "expired", "unknown"], ["wss", "https"])
  func wrong(_ certificate: String, _ scheme: String) async throws {
    try await withServer(certificate == "unknown" ? "server" : certificate) {
      (server, options) async throws in
      var options = options
      if certificate == "unknown" { options.trustRoots = .system }
      for host in ["localhost", "127.0.0.1"] {
        let error = await failure { try await call("\(scheme)://\(host):\(server.port)", options) }
        #expect(error?.kind == .unreachable, "\(String(describing: error))")
      }
      #expect(server.received.isEmpty)
    }
  }
}

extension Result where Failure == any Error {
  fileprivate init(_ body: () async throws -> Success) async {
    do {
      self = .success(try await body())
    } catch {
      self = .failure(error)
    }
  }
}
