/// What metadata says of extrinsics: their version and their signed extensions.
public struct ExtrinsicMetadata: Sendable, Hashable {
  /// The version of the format; this library writes version 4.
  public let version: UInt8
  /// The extrinsic as a whole; V14 only.
  public let type: TypeID?
  /// The types of the parts; in V14 they are parameters of `type`.
  public let address: TypeID?
  public let call: TypeID?
  public let signature: TypeID?
  public let extra: TypeID?
  public let signedExtensions: [SignedExtension]

  /// One extension: what it adds to the extrinsic, and what it adds to the signed payload only.
  public struct SignedExtension: Sendable, Hashable {
    public let identifier: String
    /// Sent and signed.
    public let extra: TypeID
    /// Signed, not sent.
    public let additional: TypeID
  }
}

extension ExtrinsicMetadata {
  init(from reader: inout ScaleReader, version metadata: UInt8, types: TypeRegistry) throws(ScaleError) {
    if metadata == 14 {
      let type = try reader.readTypeID()
      self.type = type
      version = try reader.readByte()
      let parameters = try types.type(type).parameters
      func parameter(_ name: String) -> TypeID? { parameters.first { $0.name == name }?.type }
      address = parameter("Address")
      call = parameter("Call")
      signature = parameter("Signature")
      extra = parameter("Extra")
    } else {
      type = nil
      version = try reader.readByte()
      address = try reader.readTypeID()
      call = try reader.readTypeID()
      signature = try reader.readTypeID()
      extra = try reader.readTypeID()
    }
    signedExtensions = try reader.readSequence(elementSize: 3) { r throws(ScaleError) in
      SignedExtension(
        identifier: try r.readString(), extra: try r.readTypeID(), additional: try r.readTypeID())
    }
  }

  func encode(to writer: inout ScaleWriter, version metadata: UInt8) {
    if metadata == 14 {
      writer.write(type: type ?? 0)
      writer.write(version)
    } else {
      writer.write(version)
      for part in [address, call, signature, extra] { writer.write(type: part ?? 0) }
    }
    writer.write(signedExtensions) { `extension`, writer in
      writer.write(`extension`.identifier)
      writer.write(type: `extension`.extra)
      writer.write(type: `extension`.additional)
    }
  }
}
