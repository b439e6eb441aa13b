import Foundation
import Substrate
import Synchronization
import Testing

/// Requests and answers recorded from the real runtime (Tests/Vectors/chain/rpc-*.json).
struct RecordedTranscript: Sendable, CustomTestStringConvertible {
  struct Exchange: Sendable {
    let request: JSONValue
    let response: JSONValue
    let bytesHex: String?

    var method: String { request["method"]?.stringValue ?? "" }
    var params: [JSONValue] { request["params"]?.arrayValue ?? [] }
  }

  let label: String
  let exchanges: [Exchange]

  var testDescription: String { label }

  static let all: [RecordedTranscript] = ["chain-2026-02-10", "chain-2025-12-18"].map(load)

  private static func load(_ label: String) -> RecordedTranscript {
    let vectors = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../Vectors/chain/rpc-\(label).json")
    guard let data = try? Data(contentsOf: vectors), let file = try? JSONValue(parsing: Array(data)) else {
      return RecordedTranscript(label: label, exchanges: [])
    }
    let exchanges = (file["calls"]?.arrayValue ?? []).compactMap { call -> Exchange? in
      guard let request = call["request"], let response = call["response"] else { return nil }
      return Exchange(request: request, response: response, bytesHex: call["bytesHex"]?.stringValue)
    }
    return RecordedTranscript(label: label, exchanges: exchanges)
  }

  /// A node that gives to every recorded request the recorded answers in their order, whatever its id.
  func server() async throws -> RPCTestServer {
    let remaining = ReplayTable(exchanges)
    return try await RPCTestServer.start { request, _ in [.send(remaining.answer(request).description)] }
  }
}

/// Hands out recorded answers; a request recorded several times gets them in turn.
private final class ReplayTable: Sendable {
  private struct Key: Hashable {
    let method: JSONValue?
    let params: JSONValue?
  }

  private let answers: Mutex<[Key: [JSONValue]]>

  init(_ exchanges: [RecordedTranscript.Exchange]) {
    let pairs = exchanges.map {
      (Key(method: $0.request["method"], params: $0.request["params"]), [$0.response])
    }
    answers = Mutex(Dictionary(pairs, uniquingKeysWith: +))
  }

  func answer(_ request: JSONValue) -> JSONValue {
    if case .array(let requests) = request { return .array(requests.map(answer)) }
    let key = Key(method: request["method"], params: request["params"])
    let recorded = answers.withLock { answers -> JSONValue? in
      guard let next = answers[key]?.first else { return nil }
      answers[key]?.removeFirst()
      return next
    }
    guard case .object(var response)? = recorded, let id = request["id"] else {
      return [
        "jsonrpc": "2.0", "id": request["id"] ?? nil, "error": ["code": -32601, "message": "not recorded"],
      ]
    }
    response["id"] = id
    return .object(response)
  }
}
