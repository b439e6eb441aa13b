import Foundation
import Synchronization
import Testing

/// A real peer of another implementation as a child process: JSON objects on its standard output, one a line.
final class ForeignPeer: Sendable {
  /// Peers that this project did not write.
  enum Kind: CustomTestStringConvertible {
    /// go-libp2p 0.32 inside p2pd, as hivemind 1.1.12 ships it.
    case goLibP2P
    /// py-libp2p 0.8.1.
    case pyLibP2P

    var testDescription: String { self == .goLibP2P ? "go-libp2p" : "py-libp2p" }
  }

  /// A line of output.
  typealias Line = [String: JSONField]

  private let process: Process
  private let lines: Mutex<LineQueue>

  private init(_ arguments: [String]) throws {
    let (stream, continuation) = AsyncStream.makeStream(of: Line.self)
    lines = Mutex(LineQueue(stream: stream))
    process = Process()
    process.executableURL = InteropTier.python
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    let partial = Mutex(Data())
    output.fileHandleForReading.readabilityHandler = { handle in
      let data = handle.availableData
      if data.isEmpty {
        handle.readabilityHandler = nil
        return continuation.finish()
      }
      partial.withLock { partial in
        partial += data
        while let end = partial.firstIndex(of: UInt8(ascii: "\n")) {
          if let line = try? JSONDecoder().decode(Line.self, from: partial[..<end]) { continuation.yield(line) }
          partial = Data(partial[partial.index(after: end)...])
        }
      }
    }
    try process.run()
  }

  /// Starts a server; its first line says where it listens.
  static func serving(_ kind: Kind, _ arguments: [String] = []) throws -> ForeignPeer {
    switch kind {
    case .goLibP2P: try ForeignPeer(try InteropTier.p2pdArguments() + arguments)
    case .pyLibP2P: try ForeignPeer([InteropTier.script("subnet/ref_host.py"), "--port", "0"] + arguments)
    }
  }

  /// Runs `body` beside a script of `Tests/Interop` that needs what `kind` needs, and ends it in any case.
  static func running(
    _ kind: Kind, _ script: String, _ arguments: [String] = [], _ body: (ForeignPeer) async throws -> Void
  ) async throws {
    let p2pd = kind == .goLibP2P ? ["--p2pd", InteropTier.p2pd.path] : []
    let peer = try ForeignPeer([InteropTier.script(script)] + p2pd + arguments)
    do {
      try await body(peer)
    } catch {
      try await peer.stop()
      throw error
    }
    try await peer.stop()
  }

  /// Starts a caller of `address`; its last line is the result.
  static func calling(_ kind: Kind, _ address: String, _ arguments: [String]) throws -> ForeignPeer {
    switch kind {
    case .goLibP2P: try ForeignPeer(try InteropTier.p2pdArguments() + ["--to", address] + arguments)
    case .pyLibP2P:
      try ForeignPeer([InteropTier.script("subnet/ref_dial.py"), "--to", address, "--pings", "20"] + arguments)
    }
  }

  /// The next line of this event; nil when the process has ended.
  func line(_ event: String) async -> Line? {
    while let line = await lines.withLock({ $0 }).next() {
      if line["event"]?.text == event { return line }
    }
    return nil
  }

  /// Ends the process, and waits a few seconds until it is gone.
  func stop() async throws {
    if process.isRunning { process.terminate() }
    if try await !TestHosts.eventually(within: .seconds(3), { !process.isRunning }) {
      kill(process.processIdentifier, SIGKILL)
    }
  }

  /// Reads lines one after the other; there is one reader.
  private struct LineQueue: Sendable {
    let stream: AsyncStream<Line>

    func next() async -> Line? {
      var iterator = stream.makeAsyncIterator()
      return await iterator.next()
    }
  }
}

/// What a field of a line holds, as far as tests look.
enum JSONField: Decodable, Sendable {
  case text(String)
  case number(Double)
  case flag(Bool)
  case texts([String])
  case other

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let flag = try? container.decode(Bool.self) {
      self = .flag(flag)
    } else if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else if let text = try? container.decode(String.self) {
      self = .text(text)
    } else if let texts = try? container.decode([String].self) {
      self = .texts(texts)
    } else {
      self = .other
    }
  }

  var text: String? { if case .text(let text) = self { text } else { nil } }
  var flag: Bool? { if case .flag(let flag) = self { flag } else { nil } }
  var texts: [String]? { if case .texts(let texts) = self { texts } else { nil } }
}
