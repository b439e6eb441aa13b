import Foundation
import LibP2P
import Testing

@testable import Protocols

@Suite("Signatures that the mesh's Python accepts", .timeLimit(.minutes(1)))
struct SignatureInteropTests {
  private static let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// `VALIDATORD_PYTHON`, or what scripts/setup made.
  private static var python: URL {
    ProcessInfo.processInfo.environment["VALIDATORD_PYTHON"].map { URL(filePath: $0, relativeTo: package) }
      ?? package.appending(path: ".venv/bin/python")
  }

  @Test(
    "Python's cryptography takes our tokens and requests, with the longest salt for RSA, and no altered ones",
    .enabled(if: FileManager.default.isExecutableFile(atPath: python.path), "Python is not there"))
  func accepted() async throws {
    struct Case: Encodable {
      let key: String
      let message: String
      let signature: String

      init(_ key: Data, _ message: [UInt8], _ signature: Data) {
        self.key = String(decoding: key, as: UTF8.self)
        self.message = message.map { String(format: "%02x", $0) }.joined()
        self.signature = String(decoding: signature, as: UTF8.self)
      }
    }
    var cases: [Case] = []
    for name in ["ed25519_a", "rsa_a", "rsa_3072"] {
      let (client, service) = (try TestNode(name), try TestNode.random())
      let request = try await client.calls(service).sign(PingRequest.with { $0.validate = true })
      let token = request.auth.clientAccessToken
      cases.append(Case(token.publicKey, token.signedBytes, token.signature))
      cases.append(Case(token.publicKey, try request.signedBytes(), request.auth.signature))
      cases.append(Case(token.publicKey, try request.signedBytes() + [0], request.auth.signature))
    }
    let input = try cases.map { try JSONEncoder().encode($0) + [UInt8(ascii: "\n")] }.reduce(Data(), +)
    let output = try await Self.run("mesh/check_signature.py", input)
    #expect(output.split(separator: "\n") == Array(repeating: ["true", "true", "false"], count: 3).flatMap(\.self))
  }

  private static func run(_ script: String, _ input: Data) async throws -> String {
    let process = Process()
    process.executableURL = python
    process.arguments = [package.appending(path: "Tests/Interop/\(script)").path]
    let (stdin, stdout) = (Pipe(), Pipe())
    (process.standardInput, process.standardOutput) = (stdin, stdout)
    try process.run()
    defer { process.terminate() }
    // All of the input fits into the pipe; nobody has to read for it to be written.
    try stdin.fileHandleForWriting.write(contentsOf: input)
    try stdin.fileHandleForWriting.close()
    let output = await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        continuation.resume(returning: (try? stdout.fileHandleForReading.readToEnd()) ?? nil)
      }
    }
    return String(decoding: output ?? Data(), as: UTF8.self)
  }
}
