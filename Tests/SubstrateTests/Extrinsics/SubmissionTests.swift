import Testing

@testable import Substrate

@Suite("Submitting and following extrinsics", .timeLimit(.minutes(2)))
struct SubmissionTests {
  private func transfer(_ client: ChainClient, lifetime: UInt64 = 16, nonce: UInt32? = nil) async throws
    -> SignedExtrinsic
  {
    let secret = try #require(try DevNode.summary()["nodes"].list.first?["coldkeySecret"].hex)
    let key = try AccountKey(secret: secret)
    let context = try await client.signingContext(for: key.accountID, lifetime: lifetime, nonce: nonce)
    let call = HypertensorCall.transfer(to: key.accountID, amount: 1)
    return try context.sign(call, with: Signer(key, allowing: [call.name]))
  }

  /// The events of a block in which one extrinsic succeeded at index 1: recorded ones, of two extrinsics.
  private static func events(_ metadata: RuntimeMetadata) throws -> [String: String?] {
    let types = metadata.types
    let item = try metadata.storage("System", "Events")
    let recorded = try RecordedChain.february.vectors("events")
    for block in recorded["blocks"].list {
      guard let raw = block["raw"].hex, let records = try item.value(raw, types: types)?.elements() else { continue }
      let events = try records.map(EventRecord.init)
      guard try events.outcome(ofExtrinsic: 1, metadata: metadata) == .succeeded else { continue }
      return [Hex.encode(try item.key(types: types)): Hex.encode(raw)]
    }
    return [:]
  }

  @Test("What a signature commits to: final birth block, the runtime of the best block, a nonce that nobody used")
  func signingContext() async throws {
    let node = try RecordedNode()
    let client = try await ChainClient(node)
    let head = node.best
    try node.extend(try node.extend(head))
    let account = try AccountID(try #require(try DevNode.summary()["nodes"].list.first?["coldkey"].text))
    let onChain = try await client.best().account(account).nonce
    #expect(onChain > 0)
    let context = try await client.signingContext(for: account)
    #expect(context.height == (try await client.at(head).number))
    #expect(context.parameters.nonce == onChain)
    #expect(context.parameters.era == Era.mortal(period: 64, at: context.height))
    #expect(
      context.parameters.eraBirthHash == node.hash(at: context.parameters.era.birth(at: context.height))?.bytes)
    #expect(context.parameters.genesisHash == node.genesis.bytes)
    node.setPooledNonce(account, Int(onChain) + 3)
    #expect(try await client.signingContext(for: account).parameters.nonce == onChain + 3)
    #expect(try await client.signingContext(for: account, nonce: 1).parameters.nonce == 1)
    let signed = try await transfer(client)
    #expect(signed.expiresAt == Era.mortal(period: 16, at: context.height).death(at: context.height))
    node.lie("system_accountNextIndex") { _, _ in -1 }
    await #expect(throws: ChainError.self) { _ = try await client.signingContext(for: account) }
  }

  @Test("With finality far behind nothing is signed that would be dead at once")
  func finalityBehind() async throws {
    let node = try RecordedNode()
    let client = try await ChainClient(node)
    var tip = node.best
    for _ in 0..<20 { tip = try node.extend(tip) }
    let error = await #expect(throws: ExtrinsicError.self) { _ = try await transfer(client, lifetime: 4) }
    #expect(error?.kind == .expired)
    #expect(error?.message.contains("20 blocks behind") == true)
    #expect(try await transfer(client, lifetime: 64).expiresAt != nil)
  }

  @Test("Recorded refusals of the real node have their own codes", arguments: RecordedChain.allCases)
  func refusals(_ chain: RecordedChain) async throws {
    let node = try RecordedNode()
    let client = try await ChainClient(node)
    let extrinsic = try await transfer(client)
    let expected: [String: ExtrinsicError.Code] = [
      "bad signature": .badProof, "old nonce": .stale, "no money": .cannotPay, "era over": .badProof,
      "not an extrinsic": .runtimeChanged,
    ]
    var seen = 0
    for call in try chain.vectors("rpc")["calls"].list where call["request"]["method"].text == "author_submitExtrinsic"
    {
      let answer = call["response"]
      node.lie("author_submitExtrinsic") { params, _ in
        #expect(params == [.string(Hex.encode(extrinsic.bytes))])
        guard let code = answer["error"]["code"].integer else { return .string(answer["result"].text ?? "") }
        throw RPCError.server(
          code: Int64(code), message: answer["error"]["message"].text ?? "", data: answer["error"]["data"].json)
      }
      seen += 1
      guard let note = call["note"].text, let code = expected[note] else {
        // Taken, or taken a second time: both are success.
        try await client.submit(extrinsic)
        continue
      }
      let error = await #expect(throws: ExtrinsicError.self, "\(note)") { try await client.submit(extrinsic) }
      #expect(error?.kind == code, "\(note)")
      #expect(error?.remedy.isEmpty == false)
    }
    #expect(seen == 7)
  }

  @Test("Refusals that were not recorded are told apart by their codes and texts")
  func otherRefusals() {
    func kind(_ code: Int64, _ data: String) -> ExtrinsicError.Code? {
      ExtrinsicError(refusal: .server(code: code, message: "", data: .string(data)))?.kind
    }
    #expect(kind(1010, "Transaction will be valid in the future") == .future)
    #expect(kind(1010, "Transaction has an ancient birth block") == .expired)
    #expect(kind(1010, "Transaction would exhaust the block limits") == .invalid)
    #expect(kind(1014, "") == .priorityTooLow)
    #expect(kind(1002, "") == .runtimeChanged)
    #expect(kind(1011, "") == .invalid)
    #expect(kind(4003, "") == nil)
    #expect(ExtrinsicError(refusal: RPCError(.timeout, "")) == nil)
  }

  @Test("D-4 Dry-run results: outcome, module error by name, refusals; other bytes are refused")
  func dryRunResults() throws {
    let metadata = try RecordedChain.february.metadata()
    func read(_ bytes: [UInt8]) throws -> (DispatchOutcome?, ExtrinsicError.Code?) {
      let (outcome, refusal) = try ChainClient.readApplyResult(bytes, metadata)
      return (outcome, refusal?.kind)
    }
    #expect(try read([0, 0]) == (.succeeded, nil))
    // DispatchError::Module { index: 23, error: [n, 0, 0, 0] }
    let (failed, _) = try read([0, 1, 3, 23, 0x18, 0, 0, 0])
    guard case .failed(let module) = failed else {
      Issue.record("not a module error")
      return
    }
    #expect(module == metadata.moduleError(pallet: 23, error: 0x18))
    #expect(module.pallet == "Network" && !module.name.hasPrefix("#"))
    #expect(try read([0, 1, 2]) == (.refused("BadOrigin"), nil))
    #expect(try read([0, 1, 7, 0]) == (.refused("Token.FundsUnavailable"), nil))
    for (detail, code): (UInt8, ExtrinsicError.Code) in [
      (1, .cannotPay), (2, .future), (3, .stale), (4, .badProof), (5, .expired), (6, .invalid),
    ] {
      #expect(try read([1, 0, detail]) == (nil, code))
    }
    #expect(try read([1, 0, 7, 9]) == (nil, .invalid))
    #expect(try read([1, 1, 0]) == (nil, .invalid))
    for bytes: [UInt8] in [
      [], [0], [2, 0], [0, 2], [0, 0, 0], [1], [1, 0], [1, 0, 99], [1, 0, 7], [1, 2, 0], [1, 0, 1, 0], [0, 1, 99],
    ] {
      #expect(throws: ScaleError.self, "\(bytes)") { try read(bytes) }
    }
  }

  @Test("An extrinsic is followed through a fork to the final block")
  func follow() async throws {
    let node = try RecordedNode()
    let client = try await ChainClient(node)
    let head = node.best
    let extrinsic = try await transfer(client)
    let events = try Self.events(try await client.best().metadata())
    #expect(!events.isEmpty)
    node.lie("author_submitExtrinsic") { _, _ in .string(Hex.encode(extrinsic.hash)) }
    var statuses = client.submitAndFollow(extrinsic, from: try await client.best().number).makeAsyncIterator()
    let other: [UInt8] = [4, 4]
    let first = try node.extend(head, extrinsics: [other, extrinsic.bytes], storage: events)
    #expect(try await statuses.next() == .inBlock(.init(number: 44, hash: first), .succeeded))
    let rival = try node.extend(head, extrinsics: [other], salt: 1)
    _ = try node.extend(rival, extrinsics: [other, extrinsic.bytes], storage: events, salt: 1)
    let second = node.best
    #expect(try await statuses.next() == .retracted(.init(number: 44, hash: first)))
    #expect(try await statuses.next() == .inBlock(.init(number: 45, hash: second), .succeeded))
    node.finalize(try node.extend(second))
    #expect(try await statuses.next() == .finalized(.init(number: 45, hash: second), .succeeded))
    #expect(try await statuses.next() == nil)
  }

  @Test("Where one endpoint's best chain and another's final one differ, the final one is believed")
  func disagreement() async throws {
    let node = try RecordedNode()
    let client = try await ChainClient(node)
    let extrinsic = try await transfer(client, lifetime: 4)
    let events = try Self.events(try await client.best().metadata())
    let start = try await client.best().number
    let head = node.best
    var (ours, theirs, holding) = (head, head, head)
    for salt in 1...6 as ClosedRange<UInt8> {
      ours = try node.extend(ours, salt: salt)
      let holds = salt == 2
      theirs = try node.extend(
        theirs, extrinsics: holds ? [[4], extrinsic.bytes] : [], storage: holds ? events : [:], salt: 100 + salt,
        isBest: false)
      if holds { holding = theirs }
    }
    node.finalize(theirs)
    var search = ExtrinsicSearch(client: client, extrinsic: extrinsic, from: start)
    let block = BlockReference(number: start + 2, hash: holding)
    #expect(try await search.advance() == [.inBlock(block, .succeeded), .finalized(block, .succeeded)])

    // A client that has not seen the other finality.
    node.finalize(head)
    let second = try await ChainClient(node)
    var other = ExtrinsicSearch(client: second, extrinsic: extrinsic, from: start)
    #expect(try await other.advance().isEmpty)
    node.finalize(ours)
    let error = await #expect(throws: ExtrinsicError.self) { _ = try await other.advance() }
    #expect(error?.kind == .expired)
  }

  @Test("A long way back is gone through in steps, and a failure in the middle loses nothing")
  func longWay() async throws {
    let node = try RecordedNode()
    let client = try await ChainClient(node)
    let extrinsic = try await transfer(client, lifetime: 4096)
    let start = try await client.best().number
    let events = try Self.events(try await client.best().metadata())
    var tip = node.best
    let length = Int(ExtrinsicSearch.step) * 2 + 10
    for index in 1...length {
      let holds = index == length - 3
      tip = try node.extend(
        tip, extrinsics: holds ? [[4], extrinsic.bytes] : [], storage: holds ? events : [:], salt: UInt8(index & 255))
    }
    node.finalize(tip)
    var search = ExtrinsicSearch(client: client, extrinsic: extrinsic, from: start)
    node.lie("chain_getBlock") { _, honest in
      if node.count("chain_getBlock") % 100 == 0 { throw RPCError(.timeout, "no answer in time") }
      return try honest()
    }
    // The outcome can't be had at first.
    node.lie("state_getStorage") { _, _ in throw RPCError(.connectionLost, "the connection ended") }
    var statuses: [ExtrinsicStatus] = []
    for _ in 0..<20 { statuses += try await search.advance() }
    #expect(statuses.isEmpty)
    node.lie("state_getStorage", nil)
    statuses = try await search.advance()
    #expect(statuses.count == 2)
    guard case .inBlock(let block, .succeeded) = statuses.first, case .finalized(block, .succeeded) = statuses.last
    else {
      Issue.record("\(statuses)")
      return
    }
    #expect(block.number == start + UInt64(length) - 3)
  }

  @Test("D-5 A submission that may have been taken is followed and sent again; a refused one is not")
  func uncertain() async throws {
    let node = try RecordedNode()
    let client = try await ChainClient(node)
    let extrinsic = try await transfer(client)
    node.lie("author_submitExtrinsic") { _, _ in throw RPCError(.connectionLost, "the connection ended") }
    var statuses = client.submitAndFollow(extrinsic, from: try await client.best().number).makeAsyncIterator()
    let events = try Self.events(try await client.best().metadata())
    while node.count("author_submitExtrinsic") < 2 { await Task.yield() }
    node.lie("author_submitExtrinsic") { _, _ in
      throw RPCError.server(code: 1010, message: "", data: "Transaction is outdated")
    }
    let block = try node.extend(node.best, extrinsics: [[4], extrinsic.bytes], storage: events)
    node.finalize(block)
    #expect(try await statuses.next() == .inBlock(.init(number: 44, hash: block), .succeeded))
    #expect(try await statuses.next() == .finalized(.init(number: 44, hash: block), .succeeded))

    var refused = client.submitAndFollow(extrinsic, from: 43).makeAsyncIterator()
    let error = await #expect(throws: ExtrinsicError.self) { _ = try await refused.next() }
    #expect(error?.kind == .stale)
  }

  @Test("Endpoints that only talk nonsense end the search after a while")
  func nonsense() async throws {
    let node = try RecordedNode()
    let client = try await ChainClient(node)
    let extrinsic = try await transfer(client)
    var search = ExtrinsicSearch(client: client, extrinsic: extrinsic, from: 43)
    node.lie("chain_getFinalizedHead") { _, _ in 7 }
    for _ in 1..<ExtrinsicSearch.patience { #expect(try await search.advance().isEmpty) }
    await #expect(throws: ChainError.self) { _ = try await search.advance() }
  }
}
