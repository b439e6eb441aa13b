/// A request was signed just now, by clocks that may differ a little in either direction; an access token is not over,
/// with the same tolerance.
///
/// A token's end counts only if it can be read, since the published nodes never look at it; those that can be read are
/// always those nodes' own, a minute long (mesh-wire.md §3.4).
public struct Fresh: AuthorizationRule {
  /// What the published nodes allow, in seconds (mesh-wire.md §3.8).
  public static let tolerance = 60.0

  private let tolerance: Double

  /// - Parameter tolerance: seconds, both ways, itself included.
  public init(within tolerance: Double = Fresh.tolerance) { self.tolerance = tolerance }

  public func judge(_ claim: SignedClaim) throws(Refusal) {
    if let time = claim.request?.time, !(abs(time - claim.now) <= tolerance) {
      throw Refusal(.clock, "a request of \(claim.call.remoteID) is \(claim.now - time) s old by this node's clock")
    }
    if let end = PythonDatetime.seconds(claim.token.expirationTime), end + tolerance < claim.now {
      throw Refusal(.expired, "the access token of \(claim.call.remoteID) is over since \(claim.now - end) s")
    }
  }
}
