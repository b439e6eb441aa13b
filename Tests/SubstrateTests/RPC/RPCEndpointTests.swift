import Substrate
import Testing

@Suite("RPC endpoint addresses and errors")
struct RPCEndpointTests {
  @Test("User, password, path and query never show")
  func secrets() throws {
    let endpoint = try RPCEndpoint("wss://alice:hunter2@node.example:9944/v1/APIKEY?token=TOKEN")
    var dumped = ""
    dump(endpoint, to: &dumped)
    for text in [endpoint.name, endpoint.description, endpoint.debugDescription, dumped, "\([endpoint])"] {
      #expect(text.contains("wss://node.example:9944"))
      for secret in ["alice", "hunter2", "APIKEY", "TOKEN"] { #expect(!text.contains(secret)) }
    }
  }

  @Test("Errors of refused URLs do not repeat them")
  func refusedURLs() {
    for url in [
      "", "node.example", "ftp://u:SECRET@h", "ws://", "wss://h:99999", "wss://h/#SECRET", "http://:80",
    ] {
      do throws(RPCError) {
        _ = try RPCEndpoint(url)
        Issue.record("\(url) was accepted")
      } catch {
        #expect(error.kind == .unsupported)
        #expect(!error.description.contains("SECRET"))
      }
    }
  }

  @Test("Plaintext is for this machine only, unless asked for")
  func plaintext() throws {
    for url in ["ws://127.0.0.1:1", "http://localhost:1", "ws://[::1]:1", "ws://127.9.9.9"] {
      #expect(throws: Never.self) { try RPCEndpoint(url) }
    }
    for url in [
      "ws://10.0.0.1", "http://node.example", "ws://127.0.0.1.example", "ws://0.0.0.0", "ws://[::2]",
    ] {
      #expect(throws: RPCError.self) { try RPCEndpoint(url) }
      #expect(throws: Never.self) { try RPCEndpoint(url, allowsPlaintext: true) }
    }
  }

  @Test(
    "Node errors have the class that their code asks for",
    arguments: [
      (1010, "Transaction is outdated", FailureClass.staleView),
      (1010, "Transaction will be valid in the future", .staleView),
      (1010, "Transaction has an ancient birth block", .staleView),
      (1010, "Transaction has a bad signature", .permanent),
      (1010, "Inability to pay some fees (e.g. account balance too low)", .permanent),
      (1011, "", .transient), (1012, "", .transient), (1013, "[0x00]", .transient), (1014, "", .staleView),
      (1001, "", .permanent), (1002, "", .permanent), (-32601, "", .permanent), (-32602, "", .permanent),
      (-32603, "", .transient), (-32004, "work limit", .rate), (4003, "Execution failed", .permanent),
      (4003, "Client error: Api called for an unknown Block: …", .endpoint),
      (4003, "State already discarded for BlockId", .endpoint),
    ])
  func classes(_ code: Int64, _ reason: String, _ expected: FailureClass) {
    let error = RPCError.server(code: code, message: "m", data: .string(reason))
    #expect(error.failureClass == expected)
    #expect(error.server?.reason == reason)
    #expect(error.server?.isAlreadyKnown == (code == 1012 || code == 1013))
  }

  @Test("A node's text can't flood or forge log lines")
  func nodeTexts() {
    let text = "line\nWARN forged\u{1B}[2J" + String(repeating: "x", count: 1 << 20)
    let error = RPCError.server(code: 1, message: text, data: .string(text))
    #expect(error.description.utf8.count < 8192)
    #expect(!error.description.contains("\n") && !error.description.contains("\u{1B}"))
  }
}
