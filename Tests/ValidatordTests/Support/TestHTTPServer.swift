import Foundation
import Testing

/// A real HTTP server: says what it was asked, with 404 for `/gone`. `/ticks` goes on for as long as somebody listens.
final class TestHTTPServer {
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
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
    from time import sleep
    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            self.rfile.read(int(self.headers.get("content-length") or 0))
            if self.path == "/ticks":
                self.send_response(200)
                self.end_headers()
                while True:
                    self.wfile.write(b"tick ")
                    self.wfile.flush()
                    sleep(0.02)
            body = f"{self.command} {self.path}".encode()
            self.send_response(404 if self.path == "/gone" else 200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        do_GET = do_POST = answer
        log_message = lambda *_: None
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(server.server_port, flush=True)
    server.serve_forever()
    """
}
