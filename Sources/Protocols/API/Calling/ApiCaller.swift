import LibP2P
import Logging
import NIOCore
import NIOHTTP1

/// Calls routes of peers, in the newest version that both sides speak.
final class ApiCaller: Sendable {
  /// The longest write of a request that does not fit a window, in bytes.
  static let pieceLength = 60 << 10

  private let host: P2PHost
  private let gate: Gate
  private let peers: PeerStore?
  private let limits: ApiLimits
  private let logger: Logger

  init(host: P2PHost, gate: Gate, peers: PeerStore?, limits: ApiLimits, logger: Logger) {
    self.host = host
    self.gate = gate
    self.peers = peers
    self.limits = limits
    self.logger = logger
  }

  /// Sends a request and returns when the head of the answer is there. Errors are logged and thrown.
  func call(_ destination: Multiaddr, _ request: ApiRequest, _ options: ApiCallOptions) async throws -> ApiResponse {
    do {
      guard let peer = destination.peerID else {
        throw ApiError(.destination, "\(destination) does not name a peer")
      }
      let frame = try request.frame(maximumLength: limits.maximumRequest)
      let versions = versions(of: peer, options)
      guard let first = versions.first else { throw ApiError(.destination, "no version of the protocol is offered") }
      _ = try await gate.admit(
        P2PContext(handleName: first.protocolID, localID: host.peerID, remoteID: peer, role: .client))
      // Of an id alone the host's routing knows where it is.
      let addresses = destination.withoutPeer == nil ? [] : [destination]
      let stream = try await host.openStream(to: peer, versions.map(\.protocolID), at: addresses)
      return try await exchange(request, frame, stream, options)
    } catch {
      logger.info("a call of \(destination) failed: \(error)")
      throw error
    }
  }

  /// What the peer is known to speak saves the question.
  private func versions(of peer: PeerID, _ options: ApiCallOptions) -> [ApiVersion] {
    guard let identity = peers?.identity(of: peer) else { return options.versions }
    let spoken = options.versions.filter { identity.protocols.contains($0.protocolID) }
    return spoken.isEmpty ? options.versions : Array(spoken.prefix(1))
  }

  private func exchange(
    _ request: ApiRequest, _ frame: ByteBuffer, _ stream: P2PStream, _ options: ApiCallOptions
  ) async throws -> ApiResponse {
    let version = ApiVersion(rawValue: stream.protocolID) ?? .plain
    let isPython = peers?.identity(of: stream.peer)?.isPython == true
    let suspect =
      request.responseType == .stream ? ResponseReader.suspectStreamLengths : ResponseReader.suspectUnaryLengths
    let reader = ResponseReader(
      version, maximum: options.maximumResponse ?? limits.maximumResponse,
      suspectLengths: isPython && version == .plain ? suspect : [])
    let source = ResponseSource(stream, reader, options: options)
    try await write(frame, to: stream, exceedsWindow: limits.exceedsWindows && isPython)
    let head = version == .framed ? try await source.head() : nil
    return ApiResponse(
      version: version, status: head?.status, headers: head?.headers ?? [:], body: ApiResponseBody(source: source))
  }

  /// In one frame if the window allows: some published nodes take the first one for the whole request. What is longer
  /// is cut, which newer ones understand (subnet-wire.md §4.2).
  private func write(_ frame: ByteBuffer, to stream: P2PStream, exceedsWindow: Bool) async throws {
    if frame.readableBytes <= PlainAnswer.windowFrame || exceedsWindow {
      do {
        return try await stream.write(frame, framing: exceedsWindow ? .beyondWindow : .whole)
      } catch let error as YamuxError where error.kind == .frameExceedsWindow {
        // The negotiation is still on its way and takes room.
      }
    }
    for piece in frame.cut(Self.pieceLength) { try await stream.write(piece) }
  }
}
