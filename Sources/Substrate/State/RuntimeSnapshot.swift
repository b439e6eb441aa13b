/// The runtime of one block: its metadata and the versions that signatures name.
public struct RuntimeSnapshot: Sendable {
  public let metadata: RuntimeMetadata
  /// The hash of the runtime's code, which alone tells runtimes apart.
  public let codeHash: [UInt8]
  public let specName: String
  public let specVersion: UInt32
  public let transactionVersion: UInt32
}
