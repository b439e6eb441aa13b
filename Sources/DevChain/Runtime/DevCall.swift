import Substrate

/// A call of any pallet, taken from its bytes.
struct DevCall: RuntimeArgument {
  let pallet: String
  let declaration: CallDeclaration
  private let body: CallDeclaration.Body

  static func declare(in types: inout TypeCatalog) -> TypeID { types.outer("Call") }

  /// - Throws: ``ScaleError`` if no pallet has such a call, or its arguments are not there.
  init(from reader: inout ScaleReader) throws(ScaleError) {
    // Calls hold calls, which must not use up the stack.
    let (pallet, declaration, body) = try reader.nested { reader throws(ScaleError) in
      let palletIndex = try reader.readByte()
      let callIndex = try reader.readByte()
      guard let pallet = Pallets.all.first(where: { $0.index == palletIndex }), let call = pallet.call(callIndex) else {
        throw ScaleError(.malformed, "no call has the number \(palletIndex).\(callIndex)")
      }
      return (pallet.name, call, try call.body(from: &reader))
    }
    self.pallet = pallet
    self.declaration = declaration
    self.body = body
  }

  /// Carries the call out as a whole or not at all.
  func dispatch(_ runtime: inout Runtime, _ origin: Origin) throws(DispatchError) {
    do {
      try runtime.transaction { try body(&$0, origin) }
    } catch {
      throw DispatchError(error)
    }
  }
}
