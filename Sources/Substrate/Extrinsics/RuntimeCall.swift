/// A call that one runtime understands: its name and its bytes.
public struct RuntimeCall: Sendable, Hashable {
  /// As the runtime spells it.
  public let name: CallName
  public let bytes: [UInt8]
  /// The hash of the metadata that the bytes were made with.
  public let metadataHash: [UInt8]
}

/// A value for an argument of a call.
public struct CallArgument: Sendable, Hashable {
  /// What happens where the runtime's call has no such argument.
  public enum Presence: Sendable, Hashable {
    /// The call is refused.
    case required
    /// The value is left out.
    case ifDeclared
    /// The call is refused unless it has another argument of the same group.
    case oneOf(String)
  }

  public let name: String
  public let value: ScaleValue
  public let presence: Presence

  public init(_ name: String, _ value: ScaleValue, _ presence: Presence = .required) {
    self.name = name
    self.value = value
    self.presence = presence
  }
}

extension RuntimeMetadata {
  /// Makes a call from arguments given by name, in the order and the types that this runtime declares.
  ///
  /// Names are the library's own (generation B); the alias table finds them in older and newer runtimes.
  ///
  /// - Throws: ``MetadataError`` if the runtime has no such call, wants an argument that is not given, or
  ///   lacks one that is; ``ScaleError`` naming the argument and its type if a value does not fit.
  public func makeCall(_ name: CallName, _ arguments: [CallArgument]) throws -> RuntimeCall {
    let aliases = CallAliases.table[name]
    let declared = try declaration(of: name, aliases: aliases)
    var writer = ScaleWriter(reserving: 64)
    writer.write(declared.palletIndex)
    writer.write(declared.index)
    var used: Set<String> = []
    for field in declared.arguments {
      let fieldName = field.name ?? ""
      guard
        let given = arguments.first(where: {
          $0.name == fieldName || aliases?.arguments[$0.name]?.contains(fieldName) == true
        })
      else {
        throw MetadataError(
          .unsupported,
          "\(declared.pallet).\(declared.name) wants \(fieldName): \(types.name(of: field.type)), which is not given",
          remedy: "Arguments: \(signature(of: declared)).")
      }
      used.insert(given.name)
      try at("\(declared.pallet).\(declared.name).\(fieldName)") { () throws(ScaleError) in
        try types.encode(given.value, as: field.type, to: &writer)
      }
    }
    try refuseUnused(arguments, used: used, in: declared)
    return RuntimeCall(
      name: CallName(declared.pallet, declared.name), bytes: writer.bytes, metadataHash: hash)
  }

  /// The declared arguments of a call as text, for people.
  public func signature(of call: CallMetadata) -> String {
    call.arguments.map { "\($0.name ?? "_"): \(types.name(of: $0.type))" }.joined(separator: ", ")
  }

  private func declaration(of name: CallName, aliases: CallAliases.Entry?) throws(MetadataError) -> CallMetadata {
    do { return try call(name.pallet, name.call) } catch {
      for alias in aliases?.calls ?? [] {
        if let found = try? call(name.pallet, alias) { return found }
      }
      throw error
    }
  }

  private func refuseUnused(
    _ arguments: [CallArgument], used: Set<String>, in call: CallMetadata
  ) throws(MetadataError) {
    for argument in arguments where !used.contains(argument.name) {
      switch argument.presence {
      case .ifDeclared: continue
      case .oneOf(let group):
        if arguments.contains(where: { $0.presence == .oneOf(group) && used.contains($0.name) }) { continue }
      case .required: break
      }
      throw MetadataError(
        .unsupported, "\(call.pallet).\(call.name) has no argument \(argument.name)",
        remedy: "Arguments: \(signature(of: call)).")
    }
  }

  /// The name of an encoded call, from its first two bytes.
  public func callName(_ bytes: [UInt8]) throws(ScaleError) -> CallName {
    var reader = ScaleReader(bytes)
    let (palletIndex, callIndex) = (try reader.readByte(), try reader.readByte())
    guard let pallet = pallet(index: palletIndex), let calls = pallet.calls,
      let variant = try types.type(calls).variant(index: callIndex)
    else { throw ScaleError(.unknownType, "no call has the index \(palletIndex).\(callIndex)") }
    return CallName(pallet.name, variant.name)
  }

  /// An encoded call as a value: the pallet's variant around the call's.
  public func decodeCall(_ bytes: [UInt8]) throws(ScaleError) -> ScaleValue {
    guard let outerCall else { throw ScaleError(.unknownType, "the metadata names no type for calls") }
    return try types.decode(bytes, as: outerCall)
  }
}
