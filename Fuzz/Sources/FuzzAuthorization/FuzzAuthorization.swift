import Dispatch
import Foundation
import Fuzzing
import LibP2P
import NIOCore
import SwiftProtobuf
import Synchronization

@testable import Protocols

/// Signed messages and the texts inside them. The first byte chooses the reader. Nothing passes that the recorded peers
/// did not sign, and no text is read in two ways.
@main
struct FuzzAuthorization: FuzzTarget {
  private static let now = 1_760_000_000.125

  private let caller: PeerID
  private let signer: MessageSigner
  private let signed: Set<[UInt8]>
  private let verifiers: [MessageVerifier]

  init() throws {
    let requests = try Vectors.hex("request_pb_hex", in: "mesh/auth.json").compactMap {
      try? InferenceRequestAuth(serializedBytes: $0)
    }
    signed = Set(requests.compactMap { try? $0.signedBytes() })
    verifiers = Array(
      Dictionary(
        requests.compactMap { try? MessageVerifier(openSSH: $0.auth.clientAccessToken.publicKey) }
          .map { ($0.peerID, $0) }, uniquingKeysWith: { first, _ in first }
      ).values)
    // The caller of the recorded verdicts.
    caller = try PeerID("12D3KooWA4Xop1JaT3MHxwYMkCepYsv4iPVopMXwCz5iHYdBfeSB")
    signer = try MessageSigner(PrivateKey(ed25519Seed: [UInt8](repeating: 0x11, count: 32)), clock: { Self.now })
  }

  func seeds() throws -> [[UInt8]] {
    var seeds = try Vectors.hex("request_pb_hex", in: "mesh/auth.json").map { Array("r".utf8) + $0 }
    for (reader, name, file) in [
      ("b", "request_signature_b64", "mesh/auth.json"), ("s", "request_signature_b64", "mesh/auth.json"),
      ("k", "openssh_public_key", "mesh/keys.json"), ("d", "expiration_time", "mesh/auth.json"),
    ] {
      seeds += try Vectors.texts(name, in: file).map { Array((reader + $0).utf8) }
    }
    seeds.append(Array("l".utf8) + (0...80))
    return seeds
  }

  func take(_ input: [UInt8]) {
    let bytes = Array(input.dropFirst())
    switch input.first.map({ Unicode.Scalar($0) }) {
    case "r": request(bytes)
    case "b":
      guard let decoded = LenientBase64.decode(bytes) else { return }
      promise(decoded.count <= bytes.count * 3 / 4, "base64 grows")
      promise(LenientBase64.decode(Data(decoded).base64EncodedData()) == decoded, "base64 changes")
    case "s":
      for verifier in verifiers {
        promise(!verifier.isValidSignature(Data(bytes), for: Array("never signed".utf8)), "a signature is forged")
      }
    case "k":
      guard let verifier = try? MessageVerifier(openSSH: Data(bytes)), let text = verifier.key.openSSH else { return }
      promise((try? MessageVerifier(openSSH: Data(text.utf8)))?.key == verifier.key, "a key changes")
    case "d":
      let text = String(decoding: bytes, as: UTF8.self)
      if let seconds = PythonDatetime.seconds(text) { promise(PythonDatetime.text(seconds) == text, "a time changes") }
    case "l": ledger(bytes)
    default: break
    }
  }

  private func request(_ bytes: [UInt8]) {
    guard let request = try? InferenceRequestAuth(serializedBytes: bytes) else { return }
    let call = P2PContext(
      handleName: "Fuzz.rpc_fuzz", localID: PeerID(signer.key), remoteID: caller, role: .servicer)
    let isAccepted = Mutex(false)
    let done = DispatchSemaphore(value: 0)
    Task {
      let authorization = try? await SignatureAuthorizer(signer, memory: ReplayMemory()).authorize(call)
      do {
        try await authorization?.verify(request)
        isAccepted.withLock { $0 = authorization != nil }
      } catch {}
      done.signal()
    }
    done.wait()
    guard isAccepted.withLock(\.self) else { return }
    promise((try? request.signedBytes()).map(signed.contains) == true, "what nobody signed is accepted")
  }

  /// Three bytes are a peer, a nonce and a step of time; held against a plain list.
  private func ledger(_ bytes: [UInt8]) {
    var ledger = NonceLedger(capacity: 20)
    var known: [(peer: PeerID, nonce: UInt8, end: NIODeadline)] = []
    var now = NIODeadline.uptimeNanoseconds(0)
    let peers = verifiers.map(\.peerID)
    for start in stride(from: 0, to: bytes.count - 2, by: 3) {
      let (peer, nonce) = (peers[Int(bytes[start]) % peers.count], bytes[start + 1])
      now = now + .milliseconds(Int64(bytes[start + 2]) * 250)
      known.removeAll { $0.end <= now }
      let isFree = !known.contains { $0.peer == peer && $0.nonce == nonce }
      let hasRoom = known.count { $0.peer == peer } < 20 - known.count
      let isTaken = (try? ledger.reserve(Data([nonce]), of: peer, now: now)) != nil
      promise(isTaken == (isFree && hasRoom), "a nonce is forgotten, or comes twice")
      if isTaken { known.append((peer, nonce, now + NonceLedger.lifetime)) }
      promise(ledger.count == known.count, "the ledger miscounts")
    }
  }
}
