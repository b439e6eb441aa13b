public import Substrate

/// What goes wrong on purpose, so that clients can be tried. Each count is used up one by one.
public struct Faults: Sendable, Hashable {
  /// Extrinsics to refuse.
  public var reject = 0
  /// Requests to answer with an internal error.
  public var error = 0
  /// Connections to close when a request comes.
  public var drop = 0
  /// Requests to leave without an answer.
  public var silent = 0
  /// Blocks to leave out.
  public var stall = 0
  /// Accounts whose extrinsics are refused, as if they could not pay.
  public var refused: Set<AccountID> = []
  /// Accounts whose extrinsics no block takes, as if the authors held them back.
  public var withheld: Set<AccountID> = []
  /// How long each answer is held back.
  public var delay = Duration.zero

  public init() {}

  init(_ json: JSONValue) throws(RPCFailure) {
    guard let members = json.objectValue else { throw .invalidParams("expected a map") }
    for (name, value) in members {
      if let accounts = value.arrayValue {
        switch name {
        case "refused": refused = try Self.accounts(accounts)
        case "withheld": withheld = try Self.accounts(accounts)
        default: throw .invalidParams("\(name) is no list of accounts")
        }
        continue
      }
      guard let count = value.int64Value, (0...1_000_000).contains(count) else {
        throw .invalidParams("\(name) is no number up to a million")
      }
      switch name {
      case "reject": reject = Int(count)
      case "error": error = Int(count)
      case "drop": drop = Int(count)
      case "silent": silent = Int(count)
      case "stall": stall = Int(count)
      case "delayMs": delay = .milliseconds(min(count, 60_000))
      default: throw .invalidParams("unknown fault \(name)")
      }
    }
  }

  /// The most accounts that a list may name.
  private static let accountLimit = 1024

  private static func accounts(_ list: [JSONValue]) throws(RPCFailure) -> Set<AccountID> {
    guard list.count <= accountLimit else { throw .invalidParams("no more than \(accountLimit) accounts") }
    var accounts: Set<AccountID> = []
    for each in list {
      guard let account = each.stringValue.flatMap({ try? AccountID($0) }) else {
        throw .invalidParams("expected accounts of 20 bytes")
      }
      accounts.insert(account)
    }
    return accounts
  }

  private static func json(_ accounts: Set<AccountID>) -> JSONValue {
    .array(accounts.map(\.hex).sorted().map { .string($0) })
  }

  var json: JSONValue {
    [
      "reject": JSONValue(reject), "error": JSONValue(error), "drop": JSONValue(drop), "silent": JSONValue(silent),
      "stall": JSONValue(stall), "refused": Self.json(refused), "withheld": Self.json(withheld),
      "delayMs": JSONValue(delay.components.seconds * 1000 + delay.components.attoseconds / 1_000_000_000_000_000),
    ]
  }

  /// Uses one of a count up, if there is one.
  mutating func take(_ fault: WritableKeyPath<Faults, Int>) -> Bool {
    guard self[keyPath: fault] > 0 else { return false }
    self[keyPath: fault] -= 1
    return true
  }
}
