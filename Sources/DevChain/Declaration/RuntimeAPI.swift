import Substrate

/// A group of functions of the runtime that `state_call` reaches.
struct RuntimeAPI: Sendable {
  let name: String
  let version: UInt32
  let methods: [Method]

  /// The eight bytes by which the runtime's version lists it.
  var id: [UInt8] { Blake2b.hash(Array(name.utf8), length: 8) }

  /// A function: its name, its arguments' names, and the body, from which all types are taken.
  struct Method: Sendable {
    let name: String
    /// Gives the encoded result for encoded arguments.
    let run: @Sendable (Runtime, [UInt8]) throws(ScaleError) -> [UInt8]
    private let declareInputs: @Sendable (inout TypeCatalog) -> [RuntimeAPIMetadata.Input]
    private let declareOutput: @Sendable (inout TypeCatalog) -> TypeID

    init<Output: RuntimeValue, each Input: RuntimeArgument>(
      _ name: String, _ names: [String], _ body: @escaping @Sendable (Runtime, repeat each Input) -> Output
    ) {
      self.name = name
      run = { (runtime: Runtime, bytes: [UInt8]) throws(ScaleError) in
        var reader = ScaleReader(bytes)
        func next<Part: RuntimeArgument>(_: Part.Type) throws(ScaleError) -> Part { try Part(from: &reader) }
        let inputs = (repeat try next((each Input).self))
        try reader.finish()
        return body(runtime, repeat each inputs).encoded
      }
      declareInputs = { types in
        var parts: [TypeID] = []
        func add<Part: RuntimeArgument>(_: Part.Type, _ types: inout TypeCatalog) {
          parts.append(Part.declare(in: &types))
        }
        repeat add((each Input).self, &types)
        return zip(names, parts).map { RuntimeAPIMetadata.Input($0, $1) }
      }
      declareOutput = { Output.declare(in: &$0) }
    }

    func declare(in types: inout TypeCatalog) -> RuntimeAPIMetadata.Method {
      RuntimeAPIMetadata.Method(name: name, inputs: declareInputs(&types), output: declareOutput(&types))
    }
  }

  func declare(in types: inout TypeCatalog) -> RuntimeAPIMetadata {
    var declared: [RuntimeAPIMetadata.Method] = []
    for method in methods { declared.append(method.declare(in: &types)) }
    return RuntimeAPIMetadata(name: name, methods: declared)
  }
}
