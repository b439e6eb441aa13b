import Substrate

/// Computation time in picoseconds, and bytes of proof.
struct Weight: RuntimeStruct {
  static let path = ["sp_weights", "weight_v2", "Weight"]
  static let fields: [StructField<Weight>] = [.init("ref_time", \.time), .init("proof_size", \.proof)]

  var time = Compact<UInt64>(0)
  var proof = Compact<UInt64>(0)
}

enum DispatchClass: UInt8, RuntimeEnum {
  case normal, operational, mandatory
  static let path = ["frame_support", "dispatch", "DispatchClass"]
}

enum Pays: UInt8, RuntimeEnum {
  case yes, no
  static let path = ["frame_support", "dispatch", "Pays"]
}

/// What an extrinsic cost, as its last event tells.
struct DispatchInfo: RuntimeStruct {
  static let path = ["frame_system", "DispatchEventInfo"]
  static let fields: [StructField<DispatchInfo>] = [
    .init("weight", \.weight), .init("class", \.kind), .init("pays_fee", \.pays),
  ]

  var weight = Weight()
  var kind = DispatchClass.normal
  var pays = Pays.yes
}
