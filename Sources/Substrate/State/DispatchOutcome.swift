/// How a call ended when it ran.
public enum DispatchOutcome: Sendable, Hashable {
  case succeeded
  /// A pallet refused it.
  case failed(ModuleError)
  /// The runtime refused it for a reason outside the pallets, such as `BadOrigin`.
  case refused(String)

  /// Reads a `DispatchError` value.
  init(dispatchError value: ScaleValue, metadata: RuntimeMetadata) throws(ScaleError) {
    let variant = try value.enumeration()
    guard variant.name == "Module" else {
      let detail = if case .variant(let inner) = variant.value { ".\(inner.name)" } else { "" }
      self = .refused(variant.name + detail)
      return
    }
    let index: UInt8 = try variant.value.field("index") { v throws(ScaleError) in try v.integer() }
    // Four bytes since errors may nest; the first is the pallet's own.
    let bytes = try variant.value.field("error") { v throws(ScaleError) in try v.byteArray() }
    let error = bytes.first ?? 0
    self = .failed(
      metadata.moduleError(pallet: index, error: error) ?? ModuleError(pallet: "#\(index)", name: "#\(error)"))
  }
}

extension [EventRecord] {
  /// How the extrinsic with that index of the block ended; nil if the events don't tell.
  public func outcome(ofExtrinsic index: Int, metadata: RuntimeMetadata) throws -> DispatchOutcome? {
    for event in self where event.phase == .extrinsic(index) && event.pallet == "System" {
      if event.name == "ExtrinsicSuccess" { return .succeeded }
      if event.name == "ExtrinsicFailed" {
        return try DispatchOutcome(dispatchError: try event.content.field("dispatch_error"), metadata: metadata)
      }
    }
    return nil
  }
}
