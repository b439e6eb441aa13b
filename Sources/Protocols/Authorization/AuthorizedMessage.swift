public import SwiftProtobuf

/// A request that carries its signature in its field `auth`. A generated message conforms in one line:
///
///     extension InferenceRequestAuth: AuthorizedRequest {}
public protocol AuthorizedRequest: Message {
  var auth: RequestAuthInfo { get set }
  var hasAuth: Bool { get }
}

/// A response that carries its signature in its field `auth`.
public protocol AuthorizedResponse: Message {
  var auth: ResponseAuthInfo { get set }
  var hasAuth: Bool { get }
  mutating func clearAuth()
}

extension AuthorizedRequest {
  /// What its signature is over.
  ///
  /// - Throws: ``Refusal`` `auth.unsigned` if the message can't be written at all.
  func signedBytes() throws(Refusal) -> [UInt8] {
    var bare = self
    bare.auth.signature = .init()
    return try bare.canonicalBytes()
  }
}

extension AuthorizedResponse {
  /// What its signature is over.
  ///
  /// - Throws: ``Refusal`` `auth.unsigned` if the message can't be written at all.
  func signedBytes() throws(Refusal) -> [UInt8] {
    var bare = self
    bare.auth.signature = .init()
    return try bare.canonicalBytes()
  }
}

extension Message {
  /// The one encoding that signer and verifier agree on: fields in ascending order, defaults left out, what was not
  /// understood kept behind the rest (mesh-wire.md §3.7).
  func canonicalBytes() throws(Refusal) -> [UInt8] {
    var options = BinaryEncodingOptions()
    options.useDeterministicOrdering = true
    do {
      return try serializedBytes(options: options)
    } catch {
      throw Refusal(.unsigned, "a \(Self.protoMessageName) can't be written: \(error)")
    }
  }
}
