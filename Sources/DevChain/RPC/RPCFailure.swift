import Substrate

/// An error of the JSON-RPC, with the code and the words of published nodes.
struct RPCFailure: Error, Equatable {
  let code: Int64
  let message: String
  let data: JSONValue?

  init(_ code: Int64, _ message: String, _ data: JSONValue? = nil) {
    self.code = code
    self.message = message
    self.data = data
  }

  static let parse = RPCFailure(-32700, "Parse error")
  static let invalidRequest = RPCFailure(-32600, "Invalid request")
  static let methodNotFound = RPCFailure(-32601, "Method not found")
  static let internalError = RPCFailure(-32603, "Internal error")

  static func invalidParams(_ reason: String) -> RPCFailure {
    RPCFailure(-32602, "Invalid params", .string(reason))
  }

  static func unknownBlock(_ hash: BlockHash) -> RPCFailure {
    RPCFailure(
      4003,
      "Client error: Api called for an unknown Block: Expect block number from id: BlockId::Hash(\(hash))")
  }

  static func discarded(_ hash: BlockHash) -> RPCFailure {
    RPCFailure(4003, "Client error: Api called for an unknown Block: State already discarded for \(hash)")
  }

  static func invalidTransaction(_ reason: InvalidTransaction) -> RPCFailure {
    RPCFailure(1010, "Invalid Transaction", .string(reason.reason))
  }

  init(_ refusal: TransactionPool.Refusal, hash: [UInt8]) {
    switch refusal {
    case .alreadyImported: self.init(1013, "Transaction Already Imported", .string("[\(Hex.encode(hash))]"))
    case .tooLowPriority(let old, let new):
      self.init(
        1014, "Priority is too low: (\(old) vs \(new))",
        "The transaction has too low priority to replace another transaction already in the pool.")
    case .full: self.init(1016, "Immediately Dropped", "The transaction couldn't enter the pool because of the limit")
    }
  }

  var json: JSONValue {
    var error: [String: JSONValue] = ["code": JSONValue(code), "message": .string(message)]
    if let data { error["data"] = data }
    return .object(error)
  }
}
