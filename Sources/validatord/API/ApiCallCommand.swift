import ArgumentParser
import Foundation
import LibP2P
import NIOCore
import Protocols
import Substrate

struct ApiCallCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "call", abstract: "Calls a route of a peer and writes the body of the answer.",
    discussion: """
      Ends with 1 if the server behind the route answers with a status of 400 or above. Published Python nodes tell \
      no status, and of failures only in the body.
      """)

  @Argument(
    help: ArgumentHelp("Where the peer is, with /p2p and its id, or the id alone.", valueName: PeerTarget.valueName),
    transform: { try PeerTarget($0) })
  var target: PeerTarget
  @Argument(help: "The name of the route.") var route: String
  @Option(help: "The HTTP method.") var method = "GET"
  @Option(help: ArgumentHelp("A header, \"name: value\"; may be given several times.", valueName: "header"))
  var header: [String] = []
  @Option(help: ArgumentHelp("The body; @FILE reads it from a file, - from standard input.", valueName: "text"))
  var body: String?
  @Flag(help: "Ask for the answer as it is made, and write it as it comes.") var stream = false
  @Option(help: ArgumentHelp("How long the peer may stay silent.", valueName: "seconds")) var timeout = 60.0
  @Option(help: ArgumentHelp("The longest answer that is taken.", valueName: "bytes"))
  var maxBytes = ApiLimits().maximumResponse
  @Option(help: ArgumentHelp("The key file of the identity to use; a new one otherwise.", valueName: "file"))
  var key: String?
  @Option(help: "How the answer is written: table writes the body alone, json also status and headers.")
  var format: OutputFormat = .table
  @OptionGroup var gate: GateOptions

  /// The longest silence that can be allowed, in seconds.
  private static let maximumTimeout = 86_400.0

  func validate() throws {
    guard timeout > 0, timeout <= Self.maximumTimeout else {
      throw ValidationError("--timeout is a number of seconds, above 0 and at most \(Int(Self.maximumTimeout))")
    }
    guard maxBytes >= 0 else { throw ValidationError("--max-bytes is zero or more") }
    guard !stream || format == .table else { throw ValidationError("--stream writes no json") }
  }

  func run() async throws {
    var request = ApiRequest(route: route, method: method, headers: try headers(), body: try content())
    request.responseType = stream ? .stream : .unary
    var options = ApiCallOptions()
    options.silence = .seconds(timeout)
    options.maximumResponse = maxBytes
    let identity = try await P2PFailure.translate {
      try key.map(PeerKeyFile.read) ?? PrivateKey.generate(.ed25519)
    }
    try await gate.withPeer(identity: identity, calling: target) {
      [request, options, bootstrap = gate.bootstrap] services, gate in
      let api = ApiProtocol(host: services.host, gate: gate, peers: services.store)
      api.stop()  // It only calls.
      // An address that names no peer is refused by the call itself.
      if target.address == nil { _ = try await services.connect(to: target, via: bootstrap) }
      let response = try await api.call(try target.multiaddr, request, options: options)
      try await write(response)
      if response.body.isSuspect {
        FileHandle.standardError.write(Data("warning: the peer is known to cut answers at this length\n".utf8))
      }
      guard let status = response.status, status >= 400 else { return }
      throw CommandError(
        "api.status", "the server behind the route answered with status \(status)", status: .failed)
    }
  }

  private func write(_ response: ApiResponse) async throws {
    switch format {
    case .table:
      for try await piece in response.body { FileHandle.standardOutput.write(Data(piece.readableBytesView)) }
    case .json:
      let body = try await response.body.whole()
      let bytes = Array(body.readableBytesView)
      let text = String(validating: bytes, as: UTF8.self)
      Report.write([
        "version": .string(response.version.protocolID), "status": response.status.map { JSONValue($0) } ?? .null,
        "headers": .array(response.headers.map { ["name": .string($0.name), "value": .string($0.value)] }),
        text == nil ? "bodyBase64" : "body": .string(text ?? Data(bytes).base64EncodedString()),
      ])
    }
  }

  private func headers() throws -> [String: String] {
    var headers: [String: String] = [:]
    for header in header {
      guard let colon = header.firstIndex(of: ":") else {
        throw CommandError(
          "usage.header", "\(header.debugDescription) is not a header", remedy: "Write \"name: value\".")
      }
      headers[String(header[..<colon])] = header[header.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
    return headers
  }

  private func content() throws -> ByteBuffer {
    guard let body else { return ByteBuffer() }
    guard body == "-" || body.hasPrefix("@") else { return ByteBuffer(string: body) }
    let path = String(body.dropFirst())
    guard let file = body == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: path),
      let data = try? file.read(upToCount: ApiRequest.maximumLength + 1) ?? Data()
    else {
      throw CommandError(
        "api.body", "\(path) can't be read", remedy: "Name a file that can.", status: .unavailable)
    }
    return ByteBuffer(bytes: data)
  }
}
