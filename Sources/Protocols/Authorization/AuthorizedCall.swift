import Foundation
import LibP2P
import SwiftProtobuf
import Synchronization

/// Signs and judges the messages of one call (mesh-wire.md §3.5 to §3.9).
///
/// Each request of a call has a nonce of its own; all responses carry the first one's.
final class AuthorizedCall: CallAuthorization {
  private struct State {
    /// The first request's, once it is signed or has passed; empty if it is of a kind that carries none.
    var nonce: Data?
  }

  private let call: P2PContext
  private let signer: MessageSigner
  private let rules: [any AuthorizationRule]
  private let keys: KnownKeys
  private let state = Mutex(State())

  init(_ call: P2PContext, signer: MessageSigner, rules: [any AuthorizationRule], keys: KnownKeys) {
    self.call = call
    self.signer = signer
    self.rules = rules
    self.keys = keys
  }

  // MARK: Signing

  func sign<Content: Message>(_ message: Content) throws(Refusal) -> Content {
    let signed: any Message =
      switch (call.role, message) {
      case (.client, let request as any AuthorizedRequest): try sign(request: request)
      case (.servicer, let response as any AuthorizedResponse): try sign(response: response)
      default: try unsigned(message, isRequest: call.role == .client)
      }
    guard let signed = signed as? Content else { throw Refusal(.unsigned, "a message changed its type") }
    return signed
  }

  private func sign<Request: AuthorizedRequest>(request: Request) throws(Refusal) -> Request {
    var auth = RequestAuthInfo()
    auth.clientAccessToken = try signer.token()
    auth.time = signer.now
    auth.nonce = signer.nonce()
    if let audience = call.remoteKey.flatMap({ keys.text(of: call.remoteID, $0) }) {
      auth.servicePublicKey = audience
    }
    var request = request
    request.auth = auth
    request.auth.signature = try signer.signature(for: request.canonicalBytes())
    remember(auth.nonce)
    return request
  }

  private func sign<Response: AuthorizedResponse>(response: Response) throws(Refusal) -> Response {
    guard let nonce = state.withLock(\.nonce) else {
      throw Refusal(.nonce, "a response can't be signed before there is a request")
    }
    var auth = ResponseAuthInfo()
    auth.serviceAccessToken = try signer.token()
    auth.nonce = nonce
    var response = response
    response.auth = auth
    response.auth.signature = try signer.signature(for: response.canonicalBytes())
    return response
  }

  // MARK: Judging

  func verify<Content: Message>(_ message: Content) async throws(Refusal) {
    switch (call.role, message) {
    case (.servicer, let request as any AuthorizedRequest): try await verify(request: request)
    case (.client, let response as any AuthorizedResponse): try await verify(response: response)
    default: _ = try unsigned(message, isRequest: call.role == .servicer)
    }
  }

  private func verify<Request: AuthorizedRequest>(request: Request) async throws(Refusal) {
    let auth = try present(request.auth, request.hasAuth)
    try await judge(
      auth.clientAccessToken, nonce: auth.nonce, signature: auth.signature,
      request: SignedClaim.Request(time: auth.time, audience: auth.servicePublicKey)
    ) { () throws(Refusal) in try request.signedBytes() }
    remember(auth.nonce)
  }

  private func verify<Response: AuthorizedResponse>(response: Response) async throws(Refusal) {
    let auth = try present(response.auth, response.hasAuth)
    guard auth.nonce == state.withLock(\.nonce) ?? Data() else {
      throw Refusal(.nonce, "\(call.remoteID) answers with a nonce that is not the request's")
    }
    try await judge(auth.serviceAccessToken, nonce: auth.nonce, signature: auth.signature, request: nil) {
      () throws(Refusal) in try response.signedBytes()
    }
  }

  private func judge(
    _ token: AccessToken, nonce: Data, signature: Data, request: SignedClaim.Request?,
    signedBytes: @escaping @Sendable () throws(Refusal) -> [UInt8]
  ) async throws(Refusal) {
    let verifier = try keys.verifier(token.publicKey)
    let claim = SignedClaim(
      call: call, signer: verifier.key, signerID: verifier.peerID, token: token, nonce: nonce, request: request,
      ownKey: signer.key, keys: keys, now: signer.now
    ) { () throws(Refusal) in verifier.isValidSignature(signature, for: try signedBytes()) }
    for rule in rules { try await rule.judge(claim) }
  }

  // MARK: Both

  private func present<Auth>(_ auth: Auth, _ isPresent: Bool) throws(Refusal) -> Auth {
    guard isPresent else { throw Refusal(.unsigned, "\(call.remoteID) sent a message without its signature") }
    return auth
  }

  /// A message that has no `auth` field. One that has the other direction's is a method declared the wrong way round.
  private func unsigned<Content: Message>(_ message: Content, isRequest: Bool) throws(Refusal) -> Content {
    guard !(message is any AuthorizedRequest), !(message is any AuthorizedResponse) else {
      throw Refusal(.unsigned, "\(Content.protoMessageName) can't be signed in this direction")
    }
    if isRequest { remember(Data()) }
    return message
  }

  private func remember(_ nonce: Data) {
    state.withLock { if $0.nonce == nil { $0.nonce = nonce } }
  }
}
