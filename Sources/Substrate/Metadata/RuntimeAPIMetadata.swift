/// One runtime API, callable through `state_call`. Only metadata V15 lists them.
public struct RuntimeAPIMetadata: Sendable, Hashable {
  public let name: String
  public let methods: [Method]
  public let docs: [String]

  public struct Method: Sendable, Hashable {
    public let name: String
    public let inputs: [Input]
    public let output: TypeID
    public let docs: [String]
  }

  public struct Input: Sendable, Hashable {
    public let name: String
    public let type: TypeID
  }
}

extension RuntimeAPIMetadata {
  init(from reader: inout ScaleReader) throws(ScaleError) {
    name = try reader.readString()
    methods = try reader.readSequence(elementSize: 4) { r throws(ScaleError) in
      Method(
        name: try r.readString(),
        inputs: try r.readSequence(elementSize: 2) { r throws(ScaleError) in
          Input(name: try r.readString(), type: try r.readTypeID())
        },
        output: try r.readTypeID(), docs: try r.readStrings())
    }
    docs = try reader.readStrings()
  }

  func encode(to writer: inout ScaleWriter) {
    writer.write(name)
    writer.write(methods) { method, writer in
      writer.write(method.name)
      writer.write(method.inputs) { input, writer in
        writer.write(input.name)
        writer.write(type: input.type)
      }
      writer.write(type: method.output)
      writer.write(strings: method.docs)
    }
    writer.write(strings: docs)
  }
}
