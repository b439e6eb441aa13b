/// A signed extrinsic: bytes to store first and to send then, unchanged however often.
public struct SignedExtrinsic: Sendable, Hashable, Codable {
  /// The whole extrinsic with its length in front.
  public let bytes: [UInt8]
  /// Blake2b-256 of `bytes`, by which blocks are searched.
  public let hash: [UInt8]
  public let signer: AccountID
  public let nonce: UInt32
  /// `Pallet.call`.
  public let call: String
  /// The first block that can no longer hold it; nil if it never expires.
  public let expiresAt: UInt64?
  /// The hash of the runtime's code that the call was built for. Nothing in the bytes names it, so another
  /// runtime could read another call in them.
  public internal(set) var codeHash: [UInt8]?

  /// Puts together what was stored; to make a new one is the ``Signer``'s part.
  public init(
    bytes: [UInt8], hash: [UInt8], signer: AccountID, nonce: UInt32, call: String, expiresAt: UInt64?,
    codeHash: [UInt8]? = nil
  ) {
    self.bytes = bytes
    self.hash = hash
    self.signer = signer
    self.nonce = nonce
    self.call = call
    self.expiresAt = expiresAt
    self.codeHash = codeHash
  }
}

/// The parts of an extrinsic as they are signed: `call ‖ extra ‖ additional`.
public struct SigningPayload: Sendable {
  public let call: [UInt8]
  public let extra: [UInt8]
  public let additional: [UInt8]

  /// The most bytes that are signed as they are; a longer payload is signed by its Blake2b-256 hash.
  static let longestPlain = 256

  public init(_ call: RuntimeCall, _ parameters: SigningParameters, metadata: RuntimeMetadata) throws {
    guard call.metadataHash == metadata.hash else {
      throw ExtrinsicError(
        .runtimeChanged, "\(call.name) was built for another runtime",
        remedy: "Read the metadata again and rebuild the call.")
    }
    guard metadata.extrinsic.version == 4 else {
      throw ExtrinsicError(
        .unsupported, "extrinsic version \(metadata.extrinsic.version); this build writes version 4",
        remedy: "Update validatord.")
    }
    let extensions = try SignedExtensionBytes(parameters, metadata: metadata)
    self.call = call.bytes
    extra = extensions.extra.bytes
    additional = extensions.additional.bytes
  }

  /// What is hashed with Keccak-256 and signed.
  public var message: [UInt8] {
    let payload = call + extra + additional
    return payload.count > Self.longestPlain ? Blake2b.hash256(payload) : payload
  }

  /// The extrinsic with its length: `0x84 ‖ address ‖ signature ‖ extra ‖ call`.
  public func extrinsic(signer: AccountID, signature: AccountSignature) -> [UInt8] {
    var writer = ScaleWriter(reserving: 96 + extra.count + call.count)
    writer.write(compact: 1 + 20 + 65 + extra.count + call.count)
    writer.write(UInt8(0x84))
    writer.write(raw: signer.bytes)
    writer.write(raw: signature.bytes)
    writer.write(raw: extra)
    writer.write(raw: call)
    return writer.bytes
  }
}
