import Testing

@testable import Substrate

@Suite("Extrinsics of recorded chains")
struct ExtrinsicVectorTests {
  /// The public development keys of the recordings, by address.
  private static let keys: [String: AccountKey] = {
    let keys = (try? Fixture.load("chain/general.json"))?["keys"].list ?? []
    return Dictionary(
      uniqueKeysWithValues: keys.compactMap { key in
        guard let secret = key["secret"].hex, let address = key["address"].text,
          let accountKey = try? AccountKey(secret: secret)
        else { return nil }
        return (address, accountKey)
      })
  }()

  @Test("D-4 Signed extrinsics equal the recorded ones byte for byte", arguments: RecordedChain.allCases, [14, 15])
  func signed(_ chain: RecordedChain, _ version: Int) throws {
    let metadata = try chain.metadata(version)
    let vectors = try chain.vectors("extrinsics")
    #expect(vectors["extrinsics"].list.count == 16)
    #expect(
      metadata.extrinsic.signedExtensions.map(\.identifier)
        == vectors["signedExtensions"].list.compactMap { $0.list.first?.text })
    for vector in vectors["extrinsics"].list {
      let callBytes = try #require(vector["call"].hex)
      var era = ScaleReader(try #require(vector["era"].hex))
      let additional = try #require(vector["additional"].hex)
      let parameters = SigningParameters(
        genesisHash: try #require(vectors["genesisHash"].hex),
        specVersion: UInt32(try #require(vectors["specVersion"].integer)),
        transactionVersion: UInt32(try #require(vectors["transactionVersion"].integer)),
        nonce: UInt32(try #require(vector["nonce"].integer)), era: try Era(from: &era),
        eraBirthHash: Array(additional.suffix(32)),
        tip: Planck(try #require(vector["tip"].text.flatMap { UInt128($0) })))
      let call = RuntimeCall(
        name: try metadata.callName(callBytes), bytes: callBytes, metadataHash: metadata.hash)

      let payload = try SigningPayload(call, parameters, metadata: metadata)
      #expect(payload.extra == vector["extra"].hex)
      #expect(payload.additional == additional)
      #expect(payload.call + payload.extra + payload.additional == vector["payload"].hex)
      #expect(payload.message == vector["signed_message"].hex)
      #expect(Keccak256.hash(payload.message) == vector["keccak256_of_message"].hex)

      let key = try #require(Self.keys[vector["signer"].text ?? ""])
      let signed = try Signer(key, allowing: [call.name]).sign(call, parameters, at: 0, metadata: metadata)
      #expect(signed.bytes == vector["extrinsic"].hex)
      #expect(signed.hash == vector["extrinsicHash"].hex)

      let decoded = try DecodedExtrinsic(signed.bytes, metadata: metadata)
      #expect(decoded.hash == signed.hash)
      #expect(decoded.name == call.name)
      #expect(decoded.signature?.signature.bytes == vector["signature"].hex)
      #expect(decoded.signature?.nonce == parameters.nonce)
      #expect(decoded.signature?.tip == parameters.tip)
      #expect(decoded.signature?.era == parameters.era)
    }
  }

  @Test(
    "Extrinsics that the runtime took decode, and their signature gives the signer", arguments: RecordedChain.allCases)
  func accepted(_ chain: RecordedChain) throws {
    let metadata = try chain.metadata()
    let accepted = try chain.vectors("extrinsics")["acceptedByRuntime"].list
    #expect(accepted.count == 5)
    for vector in accepted {
      let decoded = try DecodedExtrinsic(try #require(vector["extrinsic"].hex), metadata: metadata)
      if let hash = vector["hash"].hex { #expect(decoded.hash == hash) }
      let signature = try #require(decoded.signature)
      #expect((signature.era == .immortal) == (vector["mortalFrom"] == .null))
    }
  }

  @Test("Recorded blocks: every extrinsic decodes under its hash", arguments: RecordedChain.allCases)
  func blocks(_ chain: RecordedChain) throws {
    let metadata = try chain.metadata()
    for block in try chain.vectors("blocks")["blocks"].list {
      let extrinsics = block["block"]["extrinsics"].list
      #expect(!extrinsics.isEmpty)
      for (extrinsic, hash) in zip(extrinsics, block["extrinsicHashes"].list) {
        let decoded = try DecodedExtrinsic(try #require(extrinsic.hex), metadata: metadata)
        #expect(decoded.hash == hash.hex)
      }
    }
  }

  @Test("A call that is not on the list is not signed, nor one wrapped around it")
  func allowList() throws {
    let metadata = try RecordedChain.february.metadata()
    let key = try #require(Self.keys["0xf24ff3a9cf04c71dbc94d0b566f7a27b94566cac"])
    let attest = CallName("Network", "attest")
    let signer = Signer(key, allowing: [attest])
    let parameters = SigningParameters(
      genesisHash: [UInt8](repeating: 1, count: 32), specVersion: 1, transactionVersion: 1, nonce: 0,
      era: .immortal, eraBirthHash: [UInt8](repeating: 1, count: 32))
    let transfer = try metadata.makeCall(
      CallName("Balances", "transfer_keep_alive"),
      [CallArgument("dest", .bytes(key.accountID.bytes)), CallArgument("value", 1)])
    // The name is a claim; what counts are the bytes.
    let disguised = RuntimeCall(name: attest, bytes: transfer.bytes, metadataHash: metadata.hash)
    for call in [transfer, disguised] {
      let error = #expect(throws: ExtrinsicError.self) {
        try signer.sign(call, parameters, at: 0, metadata: metadata)
      }
      #expect(error?.kind == .callNotAllowed)
    }
    let inner = try metadata.decodeCall(
      try metadata.makeCall(attest, [CallArgument("subnet_id", 1), CallArgument("attest_data", .option(nil))]).bytes)
    let batch = try metadata.makeCall(
      CallName("Utility", "batch"), [CallArgument("calls", .sequence([inner]))])
    #expect(throws: ExtrinsicError.self) { try signer.sign(batch, parameters, at: 0, metadata: metadata) }
  }

  @Test("A runtime upgrade between building and signing is noticed")
  func upgraded() throws {
    let key = try #require(Self.keys["0xf24ff3a9cf04c71dbc94d0b566f7a27b94566cac"])
    let attest = CallName("Network", "attest")
    let call = try RecordedChain.december.metadata().makeCall(
      attest, [CallArgument("subnet_id", 1), CallArgument("attest_data", .option(nil))])
    let error = #expect(throws: ExtrinsicError.self) {
      try Signer(key, allowing: [attest]).sign(
        call,
        SigningParameters(
          genesisHash: [UInt8](repeating: 1, count: 32), specVersion: 1, transactionVersion: 1, nonce: 0,
          era: .immortal, eraBirthHash: [UInt8](repeating: 1, count: 32)),
        at: 0, metadata: try RecordedChain.february.metadata())
    }
    #expect(error?.kind == .runtimeChanged)
  }
}
