import Foundation
import NIOCore

/// One connection of a client, from its first request to its end.
struct ControlConnection: Sendable {
  let node: ControlNode
  let socket: LocalSocket
  let client: PeerCredentials

  private var limits: ControlLimits { node.limits }

  /// Serves the connection.
  ///
  /// - Throws: why it was cut; an end by the client is none.
  func serve() async throws {
    var session = ControlSession(requestLength: limits.requestLength, messageLength: limits.messageLength)
    while let request = try await next(&session) {
      switch request {
      case .upgrade:
        try await write(.ok())
        session.upgrade()
        return try await serveCalls(&session)
      case .openStream(let peer, let protocols, let seconds):
        guard let stream = try await open(peer, protocols, seconds) else { continue }
        return try await pass(stream, session.takeStream())
      case .closestPeers(let key, let seconds): try await answerClosest(key, seconds)
      default: try await write(await answer(request))
      }
    }
  }

  private func next(_ session: inout ControlSession) async throws -> ControlRequest? {
    while true {
      if let request = try session.nextRequest() { return request }
      guard let bytes = try await read() else { return nil }
      session.receive(bytes)
    }
  }

  /// A client that is gone has ended; everything else is cut.
  private func read() async throws -> ByteBuffer? {
    do {
      return try await socket.read()
    } catch is StreamError {
      return nil
    }
  }

  private func write(_ response: PBControlResponse) async throws {
    try await send(FrameDecoder.frame(message: response))
  }

  private func send(_ frame: ByteBuffer) async throws {
    socket.setDeadline(.now() + TimeAmount(limits.stallTime))
    try await socket.write(frame)
    socket.setDeadline(nil)
  }

  // MARK: Requests

  private func answer(_ request: ControlRequest) async -> PBControlResponse {
    let host = node.host
    do {
      switch request {
      case .identify:
        return .ok {
          $0.identity = .with {
            $0.peer = Data(host.peerID.bytes)
            $0.addresses = host.advertisedAddresses.map { Data($0.bytes) }
            $0.halfCloses = true
          }
        }
      case .listPeers:
        let connections = host.peers.flatMap { host.connections(with: $0) }
        return .ok {
          $0.peers = connections.map { connection in
            .with { ($0.peer, $0.addresses) = (Data(connection.peer.bytes), [Data(connection.remoteAddress.bytes)]) }
          }
        }
      case .connect(let peer, let addresses, let seconds):
        _ = try await whileConnected(seconds) { try await host.connect(to: peer, at: addresses) }
        return .ok()
      case .disconnect(let peer):
        host.disconnect(peer)
        return .ok()
      case .handle(let protocols, let address, let isBalanced):
        try handle(protocols, at: address, isBalanced: isBalanced)
        return .ok()
      case .stopHandling(let protocols, let address):
        for name in protocols { try node.remove(name, .listener(address)) }
        return .ok()
      case .findPeer(let peer, let seconds):
        guard let routing = node.routing else { return .failure("DHT not enabled") }
        let addresses = try await whileConnected(seconds) { try await routing.find(peer) }
        return .ok { $0.routing = .value(peer, addresses) }
      case .publicKey(let peer):
        let known = peer.publicKey ?? host.connections(with: peer).lazy.compactMap(\.peerKey).first
        guard let known else { return .failure("routing: not found") }
        return .ok { $0.routing = .value(known.protobuf) }
      case .refused(let text): return .failure(text)
      case .upgrade, .openStream, .closestPeers: return .failure("Unexpected request")
      }
    } catch {
      return .failure(DaemonText.of(error))
    }
  }

  private func handle(_ protocols: [String], at address: Multiaddr, isBalanced: Bool) throws {
    guard address.localSocketAddress != nil else {
      throw ControlError(refused: "\(address) is not an address of this machine")
    }
    var added: [String] = []
    do {
      for name in protocols {
        try node.add(name, .stream, .listener(address), of: client, isBalanced: isBalanced)
        added.append(name)
      }
    } catch {
      for name in added { try? node.remove(name, .listener(address)) }
      throw error
    }
  }

  private func answerClosest(_ key: [UInt8], _ seconds: Int64) async throws {
    guard let routing = node.routing else { return try await write(.failure("DHT not enabled")) }
    do {
      let peers = try await whileConnected(seconds) { try await routing.closestPeers(to: key) }
      try await write(.ok { $0.routing = .with { $0.kind = .begin } })
      for peer in peers { try await send(FrameDecoder.frame(message: PBControlRoutingResponse.value(peer.bytes))) }
      try await send(FrameDecoder.frame(message: PBControlRoutingResponse.with { $0.kind = .end }))
    } catch let error as KademliaError {
      try await write(.failure(DaemonText.of(error)))
    }
  }

  /// Does work for the client, which ends when the client goes, or when the time is over that it named.
  private func whileConnected<Value: Sendable>(
    _ seconds: Int64, _ work: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    let time = seconds > 0 ? min(.seconds(seconds), limits.longestDialTime) : limits.dialTime
    let task = Task { try await Deadline.run(time, work) }
    // The next request's work takes this one's place.
    socket.run(
      Task {
        await withTaskCancellationHandler {
          _ = await task.result
        } onCancel: {
          task.cancel()
        }
      })
    return try await withTaskCancellationHandler {
      try await task.value
    } onCancel: {
      task.cancel()
    }
  }

  // MARK: Streams

  private func open(_ peer: PeerID, _ protocols: [String], _ seconds: Int64) async throws -> P2PStream? {
    let (host, gate) = (node.host, node.gate)
    let result: Result<P2PStream, any Error>
    do {
      result = .success(
        try await whileConnected(seconds) {
          for name in protocols {
            try await gate.admit(ControlPassage(direction: .outbound, peer: peer, protocolID: name))
          }
          return try await host.openStream(to: peer, protocols)
        })
    } catch {
      result = .failure(error)
    }
    switch result {
    case .success(let stream):
      try await write(.ok { $0.stream = PBControlStreamInfo(stream) })
      return stream
    case .failure(let error):
      try await write(.failure(DaemonText.of(error, opening: protocols)))
      return nil
    }
  }

  private func pass(_ stream: P2PStream, _ early: ByteBuffer) async throws {
    do {
      try await stream.write(early)
    } catch {
      stream.reset()
      throw error
    }
    try await node.join(stream, socket, client)
  }

  // MARK: Unary calls

  private func serveCalls(_ session: inout ControlSession) async throws {
    let link = PersistentLink(socket, limits: limits)
    let number = node.add(link, of: client)
    let watch = Task { await link.watch() }
    defer {
      watch.cancel()
      node.remove(number, of: client)
      link.close(ControlError(.closed, "the client has ended its connection"))
    }
    do {
      while true {
        while let message = try session.nextMessage() { try take(message, link, number) }
        guard let bytes = try await read() else { break }
        session.receive(bytes)
      }
    } catch let error as ControlError {
      link.close(error)
      throw error
    }
    if let ending = link.ending { throw ending }
  }

  private func take(_ message: ClientMessage, _ link: PersistentLink, _ number: UInt64) throws(ControlError) {
    switch message {
    case .addHandler(let id, let name, let isBalanced):
      let answer = outcome { () throws(ControlError) in
        try node.add(name, .unary, .link(number), of: client, isBalanced: isBalanced)
      }
      link.send(FrameDecoder.frame(message: DaemonMessage.answer(id, answer).message))
    case .removeHandler(let id, let name):
      let answer = outcome { () throws(ControlError) in try node.remove(name, .link(number)) }
      link.send(FrameDecoder.frame(message: DaemonMessage.answer(id, answer).message))
    case .call(let id, let peer, let name, let body):
      do throws(ControlError) {
        try link.serve(id, bytes: body.count) { [node] in
          FrameDecoder.frame(message: DaemonMessage.answer(id, await node.call(peer, name, body)).message)
        }
      } catch {
        // An id in use can't be answered without answering the other call.
        guard error.kind == .busy else { throw error }
        link.send(FrameDecoder.frame(message: DaemonMessage.answer(id, .daemonError(DaemonText.of(error))).message))
      }
    case .answer(let id, let answer): link.settle(id, answer)
    case .cancel(let id): link.cancel(id)
    case .refused(let id, let text):
      link.send(FrameDecoder.frame(message: DaemonMessage.answer(id, .daemonError(text)).message))
    }
  }

  private func outcome(_ work: () throws(ControlError) -> Void) -> UnaryAnswer {
    do throws(ControlError) {
      try work()
      return .done
    } catch {
      return .daemonError(DaemonText.of(error))
    }
  }
}

extension PBControlRoutingResponse {
  fileprivate static func value(_ bytes: [UInt8]) -> PBControlRoutingResponse {
    .with { ($0.kind, $0.value) = (.value, Data(bytes)) }
  }

  fileprivate static func value(_ peer: PeerID, _ addresses: [Multiaddr]) -> PBControlRoutingResponse {
    .with {
      $0.kind = .value
      $0.peer = .with { ($0.peer, $0.addresses) = (Data(peer.bytes), addresses.map { Data($0.bytes) }) }
    }
  }
}
