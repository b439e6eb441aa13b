/// Why something is not an account id.
public struct AccountIDError: SubstrateError, Equatable {
  enum Code: String, Sendable {
    case length = "account.length"
    case text = "account.text"
    case checksum = "account.checksum"
  }

  private let kind: Code
  public let message: String

  init(_ kind: Code, _ message: String) {
    self.kind = kind
    self.message = message
  }

  public var code: String { kind.rawValue }

  public var remedy: String {
    switch kind {
    case .length: "Give the 20 bytes of the account."
    case .text: "Write 0x and 40 hexadecimal digits."
    case .checksum: "Check the address for a typing error, or write all its letters in lower case."
    }
  }
}
