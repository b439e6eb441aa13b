import LibP2P

/// What the calls of a stub have in common: whom they reach, as whom, and within which limits.
struct Caller: Sendable {
  let p2p: any P2P
  let peer: PeerID
  let gate: Gate
  let className: String
  let namespace: String?
  let semaphore: RPCSemaphore
  let configuration: RPCConfiguration
  let journal: CallJournal

  init(
    p2p: any P2P, peer: PeerID, gate: Gate, className: String, namespace: String?, semaphore: RPCSemaphore,
    configuration: RPCConfiguration
  ) {
    self.p2p = p2p
    self.peer = peer
    self.gate = gate
    self.className = className
    self.namespace = namespace
    self.semaphore = semaphore
    self.configuration = configuration
    journal = CallJournal(configuration)
  }

  /// Where calls cross no thread.
  var executor: EventLoopTaskExecutor? { p2p.executor(for: peer) }

  /// Begins a call: waits for room, judges the peer, and only then opens a stream.
  ///
  /// - Throws: ``Refusal``, ``ServicerError`` `servicer.name`, the transport's errors, `CancellationError`.
  func open(_ rpc: some RPCDeclaration) async throws -> OpenCall {
    let name = try HandleName(className, rpc.method, namespace: namespace)
    let permit = try await semaphore.acquire()
    do {
      try await gate.requireStake(of: peer)
      let stream = try await p2p.openStream(to: peer, in: name.text)
      let context = context(name.text, stream.peerKey)
      return OpenCall(
        stream: stream, context: context, authorization: try await gate.authorize(context), permit: permit,
        maximumLength: configuration.limits.maximumMessageLength, journal: journal)
    } catch {
      permit.release()
      if let refusal = error as? Refusal { journal.refused(context(name.text), refusal) }
      throw error
    }
  }

  /// Begins a streaming call.
  ///
  /// - Parameter deadline: when the call has to be over; the responses fail then with ``StreamError``
  ///   `stream.deadline`.
  func open(_ rpc: some RPCDeclaration, until deadline: ContinuousClock.Instant?) async throws -> OpenCall {
    guard let deadline else { return try await open(rpc) }
    let call = try await Timeout.run(deadline - .now, on: executor) { try await open(rpc) }
    call.stream.setDeadline(in: deadline - .now)
    return call
  }

  /// Notes an error that the caller does not want to see.
  ///
  /// - Parameter isCut: whether the caller can't tell it from the end of an answer.
  func swallow(_ error: any Error, of rpc: some RPCDeclaration, isCut: Bool = false) {
    guard !(error is Refusal) else { return }
    journal.swallowed(context("\(className).\(rpc.method)"), error, level: isCut ? .error : .info)
  }

  private func context(_ handleName: String, _ peerKey: PublicKey? = nil) -> P2PContext {
    P2PContext(handleName: handleName, localID: p2p.peerID, remoteID: peer, remoteKey: peerKey, role: .client)
  }
}
