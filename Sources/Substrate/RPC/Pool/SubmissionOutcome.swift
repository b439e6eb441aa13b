/// What one endpoint said to a submission that went to all of them.
public struct SubmissionOutcome: Sendable {
  /// Scheme, host and port of the endpoint.
  public let endpoint: String
  public let result: Result<JSONValue, RPCError>

  /// Whether the endpoint has the transaction: it took it, or had it already.
  public var isAccepted: Bool {
    switch result {
    case .success: true
    case .failure(let error): error.server?.isAlreadyKnown == true
    }
  }
}
