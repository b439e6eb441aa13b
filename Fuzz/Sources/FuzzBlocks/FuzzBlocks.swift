import Fuzzing

@testable import Substrate

/// What an endpoint says is in a block or in the chain's state: extrinsics, events, storage keys, headers, and
/// the answers of the chain's own calls. The first byte chooses the reader.
@main
struct FuzzBlocks: FuzzTarget {
  private let metadata: RuntimeMetadata
  private let answers: [(type: String, generation: Generation)]

  init() throws {
    metadata = try RuntimeMetadata(Vectors.bytes("chain/metadata-chain-2026-02-10.v15.scale"))
    answers = Generation.allCases.flatMap { generation in
      ["Option<SubnetInfo>", "Vec<SubnetNodeInfo>", "Option<SubnetNodeInfo>", "AllSubnetBootnodes"].map {
        ($0, generation)
      }
    }
  }

  func seeds() throws -> [[UInt8]] {
    let february = "chain-2026-02-10.json"
    let extrinsics = try Vectors.hex("extrinsic", in: "chain/extrinsics-\(february)").map { [0] + $0 }
    let events = try Vectors.hex("raw", in: "chain/events-\(february)").map { [1] + $0 }
    let keys = try Vectors.hex("key", in: "chain/storage-\(february)").map { [2] + $0 }
    let headers = try Vectors.objects("header", in: "chain/blocks-\(february)").map { [3] + $0 }
    return extrinsics + events + keys + headers + (4..<16).map { [$0, 0] }
  }

  func take(_ input: [UInt8]) {
    guard let kind = input.first else { return }
    let bytes = Array(input.dropFirst())
    switch kind {
    case 0:
      if let extrinsic = try? DecodedExtrinsic(bytes, metadata: metadata) {
        promise(extrinsic.hash == Blake2b.hash256(bytes), "an extrinsic is told by another hash")
      }
    case 1: _ = try? EventRecord.decode(bytes, metadata: metadata)
    case 2:
      for pallet in metadata.pallets {
        for entry in pallet.storage?.entries ?? [] {
          guard let item = try? metadata.storage(pallet.name, entry.name), bytes.starts(with: item.prefix) else {
            continue
          }
          _ = try? item.parts(of: bytes, types: metadata.types)
        }
      }
    case 3:
      if let value = try? JSONValue(parsing: bytes), let header = try? BlockHeader(json: value) {
        promise(header.reference.number == header.number, "a header is told by another number")
      }
    default:
      let answer = answers[Int(kind) % answers.count]
      _ = try? NetworkLayouts.decode(bytes, as: answer.type, answer.generation)
    }
  }
}
