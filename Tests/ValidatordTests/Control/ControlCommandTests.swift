import Foundation
import LibP2P
import Testing

@Suite("The control socket of p2p listen", .serialized)
struct ControlCommandTests {
  /// Starts the program; the first line of its output says that it listens.
  private func start(_ socket: String) throws -> (Process, Pipe) {
    let process = Process()
    process.executableURL = URL(filePath: Program.executable)
    process.arguments = [
      "p2p", "listen", "--address", "/ip4/127.0.0.1/tcp/0", "--format", "json", "--insecure-control", socket,
    ]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    return (process, output)
  }

  @Test("P-57: other processes have the peer id of the one that listens; a second node is refused; SIGTERM cleans up")
  func listen() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "v-\(UUID().uuidString.prefix(8))").path
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let socket = "\(folder)/control.sock"
    let (process, output) = try start(socket)
    defer { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }
    let line = await withCheckedContinuation { continuation in
      Thread.detachNewThread { continuation.resume(returning: output.fileHandleForReading.availableData) }
    }
    struct Line: Decodable { var peer: String }
    let peer = try JSONDecoder().decode(Line.self, from: line).peer
    let client = try await ControlClient.connect(to: Multiaddr([.unix(socket)]))
    #expect(client.peerID.description == peer)

    let second = try await Program.run([
      "p2p", "listen", "--address", "/ip4/127.0.0.1/tcp/0", "--insecure-control", socket,
    ])
    #expect(second.status == 69)
    #expect(second.errors.contains("[control.in-use]"), "\(second.errors)")

    process.terminate()
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == 0)
    #expect(await client.ended().code == "control.closed")
    #expect(!FileManager.default.fileExists(atPath: socket))
  }
}
