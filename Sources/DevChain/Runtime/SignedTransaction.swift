import Substrate

/// A signed extrinsic, taken apart as far as it can be judged without the state.
struct SignedTransaction: Sendable {
  let signer: AccountID
  let signature: [UInt8]
  let era: Era
  let nonce: UInt32
  let tip: UInt128
  let call: DevCall
  /// What is signed of the extrinsic itself: the call and the extra data.
  let callBytes: [UInt8]
  let extra: [UInt8]
  /// Bytes with the length in front, for which is paid.
  let length: Int

  /// The longest extrinsic that a block takes.
  static let maximumLength = 128 << 10
  /// A call within a call within a call: no deeper than this.
  private static let limits = ScaleLimits(depth: 16, values: 1 << 16, zeroSizedElements: 64)

  /// - Throws: ``ScaleError`` if the bytes are no signed extrinsic of this runtime.
  init(_ bytes: [UInt8]) throws(ScaleError) {
    guard bytes.count <= Self.maximumLength else {
      throw ScaleError(.limit, "an extrinsic of \(bytes.count) bytes, \(Self.maximumLength) at most")
    }
    length = bytes.count
    var reader = ScaleReader(bytes, limits: Self.limits)
    guard try reader.readCount(elementSize: 1) == reader.remaining, try reader.readByte() == 0x84 else {
      throw ScaleError(.malformed, "not a signed extrinsic of version 4")
    }
    signer = try AccountID(from: &reader)
    signature = try reader.readBytes(65)
    let extraStart = reader.offset
    era = try Era(from: &reader)
    nonce = try Compact<UInt32>(from: &reader).value
    tip = try Compact<UInt128>(from: &reader).value
    extra = Array(bytes[extraStart..<reader.offset])
    callBytes = Array(bytes[reader.offset...])
    call = try DevCall(from: &reader)
    try reader.finish()
  }

  /// Whether the signer signed just this, for that birth block and version of the runtime.
  func isSigned(genesis: H256, birth: H256, specVersion: UInt32) -> Bool {
    var additional = ScaleWriter()
    additional.write(specVersion)
    additional.write(RuntimeParameters.transactionVersion)
    genesis.encode(to: &additional)
    birth.encode(to: &additional)
    let payload = callBytes + extra + additional.bytes
    let message = payload.count > 256 ? Blake2b.hash256(payload) : payload
    guard let signature = try? AccountSignature(bytes: signature),
      let key = try? signature.recover(message: message)
    else { return false }
    return key.accountID == signer
  }
}
