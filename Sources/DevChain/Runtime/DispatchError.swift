import Substrate

/// How a call ended that did not succeed, as the chain tells it.
enum DispatchError: Error, Hashable {
  case other, cannotLookup, badOrigin
  case module(pallet: UInt8, error: UInt8)
  case consumerRemaining, noProviders, tooManyConsumers
  case token(TokenError)
  case arithmetic(ArithmeticError)

  /// The error that `error` is for whoever called.
  init(_ error: any Error) {
    switch error {
    case let error as DispatchError: self = error
    case let error as NetworkError: self = .module(pallet: Network.index, error: error.rawValue)
    case let error as TokenError: self = .token(error)
    default: self = .other
    }
  }
}

/// Why money could not be moved.
enum TokenError: UInt8, RuntimeEnum, Error {
  case fundsUnavailable, onlyProvider, belowMinimum, cannotCreate, unknownAsset, frozen, unsupported
  case cannotCreateHold, notExpendable, blocked
  static let path = ["sp_runtime", "TokenError"]
}

enum ArithmeticError: UInt8, RuntimeEnum {
  case underflow, overflow, divisionByZero
  static let path = ["sp_arithmetic", "ArithmeticError"]
}

extension DispatchError: RuntimeValue {
  static func declare(in types: inout TypeCatalog) -> TypeID {
    types.add("DispatchError") { types in
      let module = types.add("ModuleError") {
        PortableType(
          path: ["sp_runtime", "ModuleError"],
          .composite([.init("index", UInt8.declare(in: &$0)), .init("error", $0.bytes(4))]))
      }
      let token = TokenError.declare(in: &types)
      let arithmetic = ArithmeticError.declare(in: &types)
      return PortableType(
        path: ["sp_runtime", "DispatchError"],
        .variant([
          .init(0, "Other"), .init(1, "CannotLookup"), .init(2, "BadOrigin"), .init(3, "Module", [.init(nil, module)]),
          .init(4, "ConsumerRemaining"), .init(5, "NoProviders"), .init(6, "TooManyConsumers"),
          .init(7, "Token", [.init(nil, token)]), .init(8, "Arithmetic", [.init(nil, arithmetic)]),
        ]))
    }
  }

  init(from reader: inout ScaleReader) throws(ScaleError) {
    switch try reader.readByte() {
    case 0: self = .other
    case 1: self = .cannotLookup
    case 2: self = .badOrigin
    case 3:
      let pallet = try reader.readByte()
      self = .module(pallet: pallet, error: try reader.readBytes(4)[0])
    case 4: self = .consumerRemaining
    case 5: self = .noProviders
    case 6: self = .tooManyConsumers
    case 7: self = .token(try TokenError(from: &reader))
    case 8: self = .arithmetic(try ArithmeticError(from: &reader))
    case let index: throw ScaleError(.malformed, "DispatchError has no variant \(index)")
    }
  }

  func encode(to writer: inout ScaleWriter) {
    switch self {
    case .other: writer.write(UInt8(0))
    case .cannotLookup: writer.write(UInt8(1))
    case .badOrigin: writer.write(UInt8(2))
    case .module(let pallet, let error):
      writer.write(UInt8(3))
      writer.write(raw: [pallet, error, 0, 0, 0])
    case .consumerRemaining: writer.write(UInt8(4))
    case .noProviders: writer.write(UInt8(5))
    case .tooManyConsumers: writer.write(UInt8(6))
    case .token(let error):
      writer.write(UInt8(7))
      error.encode(to: &writer)
    case .arithmetic(let error):
      writer.write(UInt8(8))
      error.encode(to: &writer)
    }
  }
}

/// `Result<(), DispatchError>`: nil is success.
struct DispatchResult: RuntimeValue {
  let error: DispatchError?

  init(_ error: DispatchError?) { self.error = error }

  /// How `body` ends.
  init(_ body: () throws(DispatchError) -> Void) {
    do {
      try body()
      error = nil
    } catch {
      self.error = error
    }
  }

  static func declare(in types: inout TypeCatalog) -> TypeID {
    let success = types.tuple([])
    let failure = DispatchError.declare(in: &types)
    return types.result(success, failure)
  }
  init(from reader: inout ScaleReader) throws(ScaleError) {
    error = try reader.readBool() ? DispatchError(from: &reader) : nil
  }
  func encode(to writer: inout ScaleWriter) { writer.write(option: error) { $0.encode(to: &$1) } }
}
