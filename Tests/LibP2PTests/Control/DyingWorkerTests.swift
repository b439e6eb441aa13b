import Foundation
import NIOCore
import Testing

@testable import LibP2P

/// A worker in a process of its own, which sends half of an answer and then closes its socket or dies.
@Suite(
  "Workers that die", .serialized, .timeLimit(.minutes(1)),
  .enabled(if: FileManager.default.isExecutableFile(atPath: InteropTier.python.path), "Python is not there: make setup")
)
struct DyingWorkerTests {
  private static let worker = """
    import socket, sys, time
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sys.argv[1])
    listener.listen()
    control = socket.socket(socket.AF_UNIX)
    control.connect(sys.argv[2])
    control.sendall(bytes.fromhex(sys.argv[3]))
    control.recv(100)
    print("ready", flush=True)
    stream, _ = listener.accept()
    request = b""
    while not request.endswith(b"x"):  # A socket that is closed with unread bytes is reset.
        request += stream.recv(4096)
    stream.sendall(b"half")
    if sys.argv[4] == "closes":
        stream.close()
    time.sleep(600)
    """

  @Test(
    "Issue 5: the death of a worker aborts its stream, an orderly end ends it", arguments: ["dies", "closes"])
  func death(_ how: String) async throws {
    try await ControlPair.with { pair in
      let listening = pair.path + ".worker"
      let address = try Multiaddr([.unix(listening)])
      let request = FrameDecoder.frame(
        message: PBControlRequest.with {
          $0.kind = .streamHandler
          $0.streamHandler = .with {
            ($0.address, $0.protocols, $0.balanced) = (Data(address.bytes), ["Dying.rpc_a"], false)
          }
        })
      let hex = request.readableBytesView.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
      let process = Process()
      process.executableURL = InteropTier.python
      process.arguments = ["-c", Self.worker, listening, pair.path, hex, how]
      let output = Pipe()
      process.standardOutput = output
      try process.run()
      defer {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
      }
      _ = await withCheckedContinuation { continuation in
        Thread.detachNewThread { continuation.resume(returning: output.fileHandleForReading.availableData) }
      }
      #expect(pair.control.handledProtocols == ["Dying.rpc_a"])
      let stream = try await pair.peer.openStream(to: pair.node, "Dying.rpc_a")
      try await stream.write(ByteBuffer(string: "x"))
      let half = try await stream.read(exactly: 4)
      #expect(String(buffer: half) == "half")
      if how == "closes" {
        let end = try await stream.read()
        #expect(end == nil)
      } else {
        kill(process.processIdentifier, SIGKILL)
        await #expect(throws: StreamError.self) { while try await stream.read() != nil {} }
      }
      stream.close()
    }
  }
}
