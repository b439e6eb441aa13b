/// An extrinsic of a block, taken apart with that block's metadata.
public struct DecodedExtrinsic: Sendable {
  /// Blake2b-256 of the bytes.
  public let hash: [UInt8]
  public let name: CallName
  /// The pallet's variant around the call's.
  public let call: ScaleValue
  /// Nil for inherents and other unsigned extrinsics.
  public let signature: Signature?

  public struct Signature: Sendable {
    public let signer: AccountID
    public let signature: AccountSignature
    public let era: Era?
    public let nonce: UInt32?
    public let tip: Planck?
  }

  /// - Parameter bytes: one extrinsic with its length, as `chain_getBlock` gives it.
  public init(_ bytes: [UInt8], metadata: RuntimeMetadata) throws {
    hash = Blake2b.hash256(bytes)
    var reader = ScaleReader(bytes)
    guard try reader.readCount(elementSize: 1) == reader.remaining else {
      throw ScaleError(.malformed, "the extrinsic's length is not that of its bytes")
    }
    let format = try reader.readByte()
    switch format {
    // Inherents are bare: the call alone, under either version.
    case 4, 5: signature = nil
    case 0x84: signature = try Signature(from: &reader, metadata: metadata)
    default:
      throw ScaleError(.unknownType, "extrinsic format 0x\(String(format, radix: 16)); this build reads version 4")
    }
    let encoded = try reader.readBytes(reader.remaining)
    name = try metadata.callName(encoded)
    call = try metadata.decodeCall(encoded)
  }
}

extension DecodedExtrinsic.Signature {
  fileprivate init(from reader: inout ScaleReader, metadata: RuntimeMetadata) throws {
    signer = try AccountID(bytes: try reader.readBytes(20))
    signature = try AccountSignature(bytes: try reader.readBytes(65))
    var era: Era?
    var nonce: UInt32?
    var tip: Planck?
    for known in metadata.extrinsic.signedExtensions {
      switch known.identifier {
      case "CheckMortality", "CheckEra": era = try Era(from: &reader)
      case "CheckNonce": nonce = try metadata.types.decode(known.extra, from: &reader).integer()
      case "ChargeTransactionPayment": tip = try Planck(metadata.types.decode(known.extra, from: &reader))
      default: _ = try metadata.types.decode(known.extra, from: &reader)
      }
    }
    self.era = era
    self.nonce = nonce
    self.tip = tip
  }
}
