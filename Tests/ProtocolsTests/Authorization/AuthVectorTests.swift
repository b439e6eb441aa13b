import Foundation
import LibP2P
import SwiftProtobuf
import Testing

@testable import Protocols

@Suite("Authorization as the mesh's code does it")
struct AuthVectorTests {
  private struct Vectors: Decodable {
    struct Call: Decodable {
      struct Token: Decodable {
        let expirationTime: String
        let signedBytes: String
        let signatureB64: String
        let pbHex: Hexadecimal
      }
      let client: String
      let service: String
      let servicePublicKeyBound: Bool
      let restFieldsHex: Hexadecimal
      let time: Double
      let nonceHex: Hexadecimal
      let token: Token
      let requestSignedBytesHex: Hexadecimal
      let requestSignatureB64: String
      let requestPbHex: Hexadecimal
      let responseRestFieldsHex: Hexadecimal
      let responseSignedBytesHex: Hexadecimal
      let responseSignatureB64: String
      let responsePbHex: Hexadecimal
    }
    struct Judged: Decodable {
      let `case`: String
      let requestPbHex: Hexadecimal
      let service: String
      let serviceTime: Double
      /// Whether it was accepted; text if the code raised.
      let result: Bool

      enum CodingKeys: String, CodingKey { case `case`, requestPbHex, service, serviceTime, result }

      init(from decoder: any Swift.Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        `case` = try container.decode(String.self, forKey: .case)
        requestPbHex = try container.decode(Hexadecimal.self, forKey: .requestPbHex)
        service = try container.decode(String.self, forKey: .service)
        serviceTime = try container.decode(Double.self, forKey: .serviceTime)
        result = (try? container.decode(Bool.self, forKey: .result)) ?? false
      }
    }
    let vectors: [Call]
    let judgedByRealCode: [Judged]
  }

  private func read<Content: Message>(_ hex: Hexadecimal, as type: Content.Type = Content.self) throws -> Content {
    try Content(serializedBytes: hex.bytes)
  }

  @Test("Tokens are the mesh's, byte for byte where signatures repeat")
  func tokens() throws {
    for vector in try MeshVectors.load("auth.json", as: Vectors.self).vectors {
      let recorded: AccessToken = try read(vector.token.pbHex)
      #expect(recorded.signedBytes == Array(vector.token.signedBytes.utf8))
      #expect(recorded.signature == Data(vector.token.signatureB64.utf8))
      let verifier = try MessageVerifier(openSSH: recorded.publicKey)
      #expect(verifier.isValidSignature(recorded.signature, for: recorded.signedBytes))
      #expect(!verifier.isValidSignature(recorded.signature, for: recorded.signedBytes + [0]))

      let client = try TestNode(vector.client, now: vector.time)
      let token = try client.signer.token()
      #expect(token.expirationTime == vector.token.expirationTime)
      #expect(token.signedBytes == recorded.signedBytes)
      if client.identity.publicKey.type == .ed25519 { #expect(token == recorded) }
      #expect(verifier.isValidSignature(token.signature, for: token.signedBytes))
    }
  }

  @Test("P-41 P-42 whole calls: our messages are the recorded ones, theirs are accepted once")
  func calls() async throws {
    for vector in try MeshVectors.load("auth.json", as: Vectors.self).vectors {
      let client = try TestNode(vector.client, now: vector.time, nonce: vector.nonceHex.bytes)
      let service = try TestNode(vector.service, now: vector.time)
      // The id of an RSA peer whose key nobody told: the request can't name its audience.
      let stranger = PeerID(try MeshVectors.identity("rsa_3072").publicKey)
      let asking =
        vector.servicePublicKeyBound
        ? try await client.calls(service)
        : try await client.authorizer.authorize(client.context(.client, with: stranger))

      let recorded: PingRequest = try read(vector.requestPbHex)
      #expect(try recorded.signedBytes() == vector.requestSignedBytesHex.bytes)
      #expect(try recorded.serializedBytes() == vector.requestPbHex.bytes)
      let request = try await asking.sign(try read(vector.restFieldsHex, as: PingRequest.self))
      if client.identity.publicKey.type == .ed25519 {
        #expect(try request.serializedBytes() == vector.requestPbHex.bytes)
        #expect(String(decoding: request.auth.signature, as: UTF8.self) == vector.requestSignatureB64)
      }
      try await service.serves(client).verify(request)
      let replay = await #expect(throws: Refusal.self) { try await service.serves(client).verify(recorded) }
      #expect(replay?.kind == .replay)

      let answering = try await TestNode(vector.service, now: vector.time).serves(client)
      try await answering.verify(recorded)
      let recordedResponse: PingResponse = try read(vector.responsePbHex)
      #expect(try recordedResponse.signedBytes() == vector.responseSignedBytesHex.bytes)
      let response = try await answering.sign(try read(vector.responseRestFieldsHex, as: PingResponse.self))
      if service.identity.publicKey.type == .ed25519 {
        #expect(try response.serializedBytes() == vector.responsePbHex.bytes)
        #expect(String(decoding: response.auth.signature, as: UTF8.self) == vector.responseSignatureB64)
      }
      let reading = try await client.calls(service)
      _ = try await reading.sign(PingRequest())
      for response in [response, recordedResponse] { try await reading.verify(response) }
    }
  }

  /// What this library refuses although the mesh's code takes it, and why it may.
  private static let stricter = ["token expired in 1999": Refusal.Code.expired]

  @Test("D-9 requests are judged as the mesh's code judges them, but for a token that is over")
  func judged() async throws {
    let expected: [String: Refusal.Code] = [
      "clock 60.5 s behind": .clock, "clock 60.5 s ahead": .clock, "raw 32-byte public key": .key,
      "bound to another service key": .audience,
    ]
    let cases = try MeshVectors.load("auth.json", as: Vectors.self).judgedByRealCode
    #expect(cases.count == 26)
    for vector in cases {
      let request: PingRequest = try read(vector.requestPbHex)
      let signer = try? MessageVerifier(openSSH: request.auth.clientAccessToken.publicKey).peerID
      let client = try signer ?? MeshVectors.identity("ed25519_a").peerID
      let service = try TestNode(vector.service, now: vector.serviceTime)
      let call = try await service.authorizer.authorize(service.context(.servicer, with: client))
      let isGood = vector.result && Self.stricter[vector.case] == nil
      if isGood {
        try await call.verify(request)
      } else {
        let refusal = await #expect(throws: Refusal.self, "\(vector.case)") { try await call.verify(request) }
        let kind = expected[vector.case] ?? Self.stricter[vector.case] ?? .signature
        #expect(refusal?.kind == kind, "\(vector.case)")
      }
    }
  }

  private struct Stream: Decodable {
    struct Server: Decodable {
      let requestHex: Hexadecimal
      let responses: [Hexadecimal]
      let outputs: [String]
      let tensors: [Int64]
    }
    let realServer: Server

    enum CodingKeys: String, CodingKey { case realServer = "realServer" }
  }

  @Test("A recorded stream of the real server: the request and every response are accepted, altered ones are not")
  func stream() async throws {
    let recorded = try MeshVectors.load("stream_auth.json", as: Stream.self).realServer
    let request: InferenceRequestAuth = try read(recorded.requestHex)
    let responses = try recorded.responses.map { try read($0, as: InferenceResponseAuth.self) }
    #expect(responses.map(\.output) == recorded.outputs)
    let client = try MessageVerifier(openSSH: request.auth.clientAccessToken.publicKey).peerID
    let server = try MessageVerifier(openSSH: try #require(responses.first).auth.serviceAccessToken.publicKey).peerID

    let us = TestNode(try .generate(.ed25519), now: request.auth.time, nonce: Array(request.auth.nonce))
    try await us.authorizer.authorize(us.context(.servicer, with: client)).verify(request)

    let call = try await us.authorizer.authorize(us.context(.client, with: server))
    _ = try await call.sign(InferenceRequestAuth())
    for response in responses { try await call.verify(response) }
    var altered = try #require(responses.last)
    altered.output += "0"
    let refusal = await #expect(throws: Refusal.self) { try await call.verify(altered) }
    #expect(refusal?.kind == .signature)
  }
}
