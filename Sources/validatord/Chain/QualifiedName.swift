import Substrate

/// `Pallet.member`, as people name calls, items and constants.
struct QualifiedName {
  let pallet: String
  let member: String

  init(_ text: String) throws {
    guard let name = CallName(text) else {
      throw CommandError(
        "usage.name", "\(text) is not a name", remedy: "Write Pallet.name, such as Network.SubnetSlot.")
    }
    pallet = name.pallet
    member = name.call
  }
}

/// An argument that is JSON if it can be read as such, and text otherwise.
enum JSONArgument {
  static func value(_ argument: String) -> ScaleValue {
    (try? JSONValue(parsing: Array(argument.utf8))).map(ScaleValue.init(json:)) ?? .text(argument)
  }
}
