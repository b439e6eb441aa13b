import Foundation
public import NIOCore

/// What a client asks of its node.
extension ControlClient {
  /// A peer, and where it is or listens.
  public struct Peer: Hashable, Sendable {
    public let id: PeerID
    public let addresses: [Multiaddr]

    /// Addresses of kinds that are not known here are left out.
    init?(_ peer: Data, _ addresses: [Data]) {
      guard let id = try? PeerID(bytes: peer) else { return nil }
      self.id = id
      self.addresses = addresses.compactMap { try? Multiaddr(bytes: $0) }
    }
  }

  private var requester: ControlRequester {
    ControlRequester(
      address: address, configuration: configuration, resources: resources, closeIsAbort: halfCloses)
  }

  // MARK: Peers

  /// The node: its peer id, and the addresses under which others reach it.
  ///
  /// - Throws: ``ControlError``, as all requests.
  public func identify() async throws -> Peer {
    let identity = try await requester.ask(.with { $0.kind = .identify }).identity
    guard let peer = Peer(identity.peer, identity.addresses) else {
      throw ControlError(.malformed, "the node does not say who it is")
    }
    return peer
  }

  /// Connects the node with a peer.
  ///
  /// - Parameters:
  ///   - addresses: where; empty lets the node look for it.
  ///   - timeout: how long it may take, in whole seconds.
  public func connect(
    to peer: PeerID, at addresses: [Multiaddr] = [], timeout: Duration = .seconds(60)
  ) async throws {
    _ = try await requester.ask(
      .with {
        $0.kind = .connect
        $0.connect = .with {
          $0.peer = Data(peer.bytes)
          $0.addresses = addresses.map { Data($0.bytes) }
          $0.timeout = timeout.wholeSeconds
        }
      }, within: timeout + configuration.requestTime)
  }

  /// Closes the node's connections with a peer.
  public func disconnect(_ peer: PeerID) async throws {
    _ = try await requester.ask(
      .with {
        $0.kind = .disconnect
        $0.disconnect = .with { $0.peer = Data(peer.bytes) }
      })
  }

  /// The peers with which the node is connected, one entry for each connection.
  public func listPeers() async throws -> [Peer] {
    try await requester.ask(.with { $0.kind = .listPeers }).peers.compactMap { Peer($0.peer, $0.addresses) }
  }

  // MARK: Unary calls

  /// Handles unary calls of peers.
  ///
  /// - Parameters:
  ///   - name: of the handler, which is the protocol's id.
  ///   - isBalanced: whether to take turns with other clients that handle the name.
  /// - Throws: ``ControlError`` `control.refused` when the name is taken.
  public func addUnaryHandler(
    _ name: String, balanced isBalanced: Bool = false, _ handler: @escaping UnaryHandler
  ) async throws {
    let isNew = unaryHandlers.withLock { handlers in
      guard handlers[name] == nil else { return false }
      handlers[name] = handler
      return true
    }
    guard isNew else { throw ControlError(refused: "handler for protocol \(name) already set") }
    do {
      try await carryOut { $0.addUnaryHandler = .with { ($0.protocol, $0.balanced) = (name, isBalanced) } }
    } catch {
      unaryHandlers.withLock { $0[name] = nil }
      throw error
    }
  }

  /// Handles a name no more; calls that run go on.
  public func removeUnaryHandler(_ name: String) async throws {
    try await carryOut { $0.removeUnaryHandler = .with { $0.protocol = name } }
    unaryHandlers.withLock { $0[name] = nil }
  }

  /// Calls a unary handler of a peer. Cancelling the task cancels the peer's handler.
  ///
  /// - Parameter timeout: how long it may take in all.
  /// - Throws: ``ControlError`` `control.handler` with the handler's words, `control.refused` with the node's,
  ///   `control.timeout`, `control.too-long`, `control.busy`, `control.closed`; `CancellationError`.
  public func call(
    _ peer: PeerID, _ name: String, _ body: ByteBuffer, timeout: Duration = .seconds(60)
  ) async throws -> ByteBuffer {
    let id = CallID.random()
    let request = PBControlPersistentRequest.with {
      $0.callID = id.bytes
      $0.call = .with { ($0.peer, $0.protocol, $0.body) = (Data(peer.bytes), name, Data(body.readableBytesView)) }
    }
    switch try await Deadline.run(timeout, { try await self.ask(id, request) }) {
    case .response(let response): return ByteBuffer(bytes: response)
    case .failure(let text): throw ControlError(handler: String(decoding: text, as: UTF8.self))
    case .daemonError(let text): throw ControlError(refused: text)
    case .cancelled: throw CancellationError()
    case .done: throw ControlError(.malformed, "the node answers a call with nothing")
    }
  }

  private func carryOut(_ fill: @escaping @Sendable (inout PBControlPersistentRequest) -> Void) async throws {
    let id = CallID.random()
    let answer = try await Deadline.run(configuration.requestTime) {
      try await self.ask(
        id,
        .with {
          $0.callID = id.bytes
          fill(&$0)
        })
    }
    switch answer {
    case .done: return
    case .daemonError(let text): throw ControlError(refused: text)
    case .cancelled: throw CancellationError()
    case .response, .failure: throw ControlError(.malformed, "the node answers another question")
    }
  }

  private func ask(_ id: CallID, _ request: PBControlPersistentRequest) async throws -> UnaryAnswer {
    let body = request.encoded
    guard body.count <= configuration.limits.messageLength else {
      throw ControlError(.tooLong, "the request takes \(body.count) bytes of \(configuration.limits.messageLength)")
    }
    return try await link.ask(id, FrameDecoder.frame(body)) {
      FrameDecoder.frame(
        message: PBControlPersistentRequest.with { ($0.callID, $0.cancel) = (id.bytes, PBControlCancel()) })
    }
  }

  // MARK: Streams

  /// Opens a stream with a peer, in the first of these protocols that it accepts.
  ///
  /// - Parameter timeout: how long it may take, in whole seconds.
  /// - Throws: ``ControlError`` `control.refused` with the node's words, and what all requests throw.
  public func openStream(
    to peer: PeerID, _ protocols: [String], timeout: Duration = .seconds(60)
  ) async throws -> ControlStream {
    let (response, socket, rest) = try await requester.begin(
      .with {
        $0.kind = .streamOpen
        $0.streamOpen = .with {
          ($0.peer, $0.protocols, $0.timeout) = (Data(peer.bytes), protocols, timeout.wholeSeconds)
        }
      }, within: timeout + configuration.requestTime)
    return try ControlStream(response.stream, socket, early: rest)
  }

  /// Serves streams that peers open in a protocol.
  ///
  /// - Parameter isBalanced: whether to take turns with other clients that handle the protocol.
  /// - Throws: ``ControlError`` `control.refused` when the protocol is taken, `control.listen`.
  public func addStreamHandler(
    _ name: String, balanced isBalanced: Bool = false, _ handler: @escaping StreamHandler
  ) async throws {
    let listening = try await streams.listen()
    guard streams.add(name, handler) else { throw ControlError(refused: "handler for protocol \(name) already set") }
    do {
      _ = try await requester.ask(
        .with {
          $0.kind = .streamHandler
          $0.streamHandler = .with {
            ($0.address, $0.protocols, $0.balanced) = (Data(listening.bytes), [name], isBalanced)
          }
        })
    } catch {
      streams.remove(name)
      throw error
    }
  }

  /// Serves a protocol no more; streams that are open go on.
  public func removeStreamHandler(_ name: String) async throws {
    let listening = try await streams.listen()
    _ = try await requester.ask(
      .with {
        $0.kind = .removeStreamHandler
        $0.removeStreamHandler = .with { ($0.address, $0.protocols) = (Data(listening.bytes), [name]) }
      })
    streams.remove(name)
  }
}

extension Duration {
  /// At least one.
  fileprivate var wholeSeconds: Int64 { max(1, components.seconds) }
}
