import Substrate

/// Bytes up to a limit that belongs to the type; more of them are no value of it.
struct BoundedBytes<Limit: ByteLimit>: RuntimeKey {
  let bytes: [UInt8]

  init() { bytes = [] }

  /// What fits of `bytes`.
  init(clamping bytes: [UInt8]) { self.bytes = Array(bytes.prefix(Limit.most)) }

  static func declare(in types: inout TypeCatalog) -> TypeID {
    types.add("BoundedVec<u8,\(Limit.most)>") {
      PortableType(
        path: ["bounded_collections", "bounded_vec", "BoundedVec"],
        parameters: [.init("T", UInt8.declare(in: &$0)), .init("S", nil)],
        .composite([.init(nil, [UInt8].declare(in: &$0))]))
    }
  }
  init(from reader: inout ScaleReader) throws(ScaleError) {
    bytes = try reader.readByteSequence()
    guard bytes.count <= Limit.most else {
      throw ScaleError(.malformed, "\(bytes.count) bytes, \(Limit.most) at most")
    }
  }
  func encode(to writer: inout ScaleWriter) { writer.write(sequence: bytes) }
}

protocol ByteLimit: Sendable, Hashable {
  static var most: Int { get }
}

enum Limit1024: ByteLimit { static let most = 1024 }
enum Limit4096: ByteLimit { static let most = 4096 }

/// Multiaddrs and the parameters of nodes.
typealias Bytes1024 = BoundedBytes<Limit1024>
/// What goes with proposals and attestations.
typealias Bytes4096 = BoundedBytes<Limit4096>
