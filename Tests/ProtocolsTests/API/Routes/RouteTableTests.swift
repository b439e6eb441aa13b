import Foundation
import Testing

@testable import Protocols

@Suite("API routes")
struct RouteTableTests {
  private func table(_ text: String, folder: String = "/") throws(RoutesFileError) -> RouteTable {
    try RouteTable(file: Array(text.utf8), folder: folder)
  }

  @Test("A-6 A-5 the example of the published node parses; a look-up yields URL and stream")
  func example() throws {
    let table = try table(
      """
      {"health": {"url": "http://127.0.0.1:8000/health", "stream": false},
       "inference": {"url": "http://127.0.0.1:8000/v1/inference", "stream": true},
       "events": {"url": "http://127.0.0.1:8000/v1/events", "stream": true}}
      """)
    #expect(table.findings.isEmpty)
    #expect(table.routes.mapValues(\.configuration.stream) == ["health": false, "inference": true, "events": true])
    #expect(table.routes["events"]?.configuration.url == "http://127.0.0.1:8000/v1/events")
  }

  @Test("A-34 the example of the documentation has two models on two machines, and nothing is wrong with it")
  func documented() throws {
    let example = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../../docs/routes.example.json")
    let table = try RouteTable(contentsOf: example.path)
    #expect(table.findings.isEmpty)
    #expect(Set(table.routes.keys).isSuperset(of: ["small-model", "large-model"]))
  }

  @Test("Every member of a route is read")
  func everyMember() throws {
    let authority = TestUpstream.certificate("authority")
    let table = try table(
      """
      {"r": {"url": "https://127.0.0.1/x", "stream": true, "allowed_methods": ["POST"], "allowed_headers": ["accept"],
        "max_request_bytes": 128, "max_response_bytes": 256.0, "timeout_seconds": 2.5, "deadline_seconds": 60,
        "max_concurrent": 4, "max_concurrent_per_peer": 2, "max_per_minute": 90, "max_per_minute_per_peer": 30,
        "min_class": "validator", "response_headers": ["x-id"],
        "tls_ca_file": "\(URL(filePath: authority).lastPathComponent)", "tls_verify": true, "allow_remote": true}}
      """, folder: URL(filePath: authority).deletingLastPathComponent().path)
    var route = ApiRoute(url: "https://127.0.0.1/x", stream: true)
    route.allowedMethods = ["POST"]
    route.allowedHeaders = ["accept"]
    route.maximumRequest = 128
    route.maximumResponse = 256
    route.timeout = .milliseconds(2_500)
    route.deadline = .seconds(60)
    route.concurrency = 4
    route.peerConcurrency = 2
    route.perMinute = 90
    route.perMinuteOfPeer = 30
    route.minimumClass = .validator
    route.responseHeaders = ["x-id"]
    route.authorityFile = table.routes["r"]?.configuration.authorityFile
    route.allowsRemote = true
    #expect(table.findings.isEmpty)
    #expect(table.routes["r"]?.configuration == route)
    #expect(route.authorityFile?.hasSuffix("/authority.pem") == true)
  }

  @Test("A-28 a URL alone is a route that does not stream; null is no route; the last of two entries counts")
  func shorthand() throws {
    let table = try table(
      #"{"a": "http://127.0.0.1/1", "n": null, "": "http://127.0.0.1/", "a": "http://127.0.0.1/2"}"#)
    #expect(table.routes.keys.sorted() == ["", "a"])
    #expect(table.routes["a"]?.configuration == "http://127.0.0.1/2")
    #expect(table.findings.isEmpty)
  }

  @Test("The published other names of the allow-lists are read, an empty list means the node's")
  func aliases() throws {
    let table = try table(#"{"a": {"url": "http://localhost/", "methods": ["PUT"], "headers": []}}"#)
    #expect(table.routes["a"]?.configuration.allowedMethods == ["PUT"])
    #expect(table.routes["a"]?.configuration.allowedHeaders == nil)
    #expect(table.findings.isEmpty)
  }

  @Test(
    "A-30 a wrong type or value leaves the route out, and says so",
    arguments: [
      (#"{"url": "http://127.0.0.1/", "stream": "yes"}"#, RouteFinding.Code.value, "stream is true or false"),
      (#"{"url": "http://127.0.0.1/", "stream": 1}"#, .value, "stream is true or false"),
      (#"{"url": "http://127.0.0.1/", "max_request_bytes": -1}"#, .value, "max_request_bytes is an integer"),
      (#"{"url": "http://127.0.0.1/", "max_request_bytes": true}"#, .value, "max_request_bytes is an integer"),
      (#"{"url": "http://127.0.0.1/", "max_response_bytes": 1.5}"#, .value, "max_response_bytes is an integer"),
      (#"{"url": "http://127.0.0.1/", "max_response_bytes": "9"}"#, .value, "max_response_bytes is an integer"),
      (#"{"url": "http://127.0.0.1/", "max_concurrent": 1e30}"#, .value, "max_concurrent is an integer"),
      (#"{"url": "http://127.0.0.1/", "timeout_seconds": 0}"#, .value, "timeout_seconds is a number"),
      (#"{"url": "http://127.0.0.1/", "timeout_seconds": true}"#, .value, "timeout_seconds is a number"),
      (#"{"url": "http://127.0.0.1/", "timeout_seconds": 1e9}"#, .value, "timeout_seconds is a number"),
      (#"{"url": "http://127.0.0.1/", "allowed_methods": "GET"}"#, .value, "allowed_methods is a list"),
      (#"{"url": "http://127.0.0.1/", "allowed_headers": ["a", ""]}"#, .value, "allowed_headers is a list"),
      (#"{"url": "http://127.0.0.1/", "allowed_headers": ["a", 1]}"#, .value, "allowed_headers is a list"),
      (#"{"url": "http://127.0.0.1/", "min_class": "king"}"#, .value, "min_class is one of registered, idle"),
      (#"{"url": "http://127.0.0.1/", "tls_verify": 0}"#, .value, "tls_verify is true or false"),
      (#"{"url": ""}"#, .value, "url is a text"), (#"{"url": 5}"#, .value, "url is a text"),
      (#"{"stream": true}"#, .url, "url is a text"), (#""""#, .url, "url is a text"),
      ("[]", .shape, "a route is a URL"), ("7", .shape, "a route is a URL"), ("true", .shape, "a route is a URL"),
      (#""/health""#, .url, "not an absolute URL"), (#""ftp://127.0.0.1/""#, .url, "the scheme \"ftp\""),
      (#""file:///etc/passwd""#, .url, "the scheme \"file\""), (#""http:///x""#, .url, "names no host"),
      (#""http://a:b@127.0.0.1/""#, .url, "credentials"), (#""http://127.0.0.1:99999/""#, .url, "port"),
      (#""http://127.0.0.1:0/""#, .url, "port"), (#""http://127.0.0.1\u0000/""#, .url, "not an absolute URL"),
      (#""http://10.0.0.1/""#, .remote, "not on this machine"), (#""http://0.0.0.0/""#, .remote, "not on this machine"),
      (#""http://[::]/""#, .remote, "not on this machine"), (#""http://example.org/""#, .remote, "not on this machine"),
      (#""http://127.1/""#, .remote, "not on this machine"), (#""http://169.254.169.254/""#, .remote, "not on this"),
      (#""http://localhost.example.org/""#, .remote, "not on this machine"),
      (#"{"url": "https://127.0.0.1/", "tls_ca_file": "/nowhere.pem"}"#, .authorities, "can't be read"),
    ])
  func wrong(entry: String, code: RouteFinding.Code, message: String) throws {
    let table = try table(#"{"bad": \#(entry), "good": "http://127.0.0.1/"}"#)
    #expect(table.routes.keys.sorted() == ["good"])
    let finding = try #require(table.findings.first)
    #expect(table.findings.count == 1)
    #expect(finding.code == code && finding.severity == .error && finding.route == "bad")
    #expect(finding.message.contains(message), "\(finding.message)")
  }

  @Test("A-2 another machine is served when the route says so")
  func remote() throws {
    let table = try table(#"{"far": {"url": "http://10.0.0.7:8000/v1", "allow_remote": true}}"#)
    #expect(table.routes["far"] != nil && table.findings.isEmpty)
  }

  @Test(
    "Loopback and UNIX sockets are this machine",
    arguments: ["http://127.8.8.8:1/", "http://[::1]:80/", "http://LocalHost/", "http+unix://%2Frun%2Fa.sock/v1"])
  func local(url: String) throws {
    #expect(try table(#"{"near": "\#(url)"}"#).routes["near"] != nil)
  }

  @Test("What has no meaning or no effect is served with a warning")
  func warnings() throws {
    let table = try table(
      """
      {"a": {"url": "http://127.0.0.1/", "colour": 1, "tls_verify": false},
       "b": {"url": "https://127.0.0.1/", "tls_verify": false, "allowed_headers": ["Host", "x-ok"]}}
      """)
    #expect(table.routes.count == 2)
    #expect(table.findings.map(\.code) == [.ineffective, .unknownKey, .ineffective, .ineffective])
    #expect(table.findings.allSatisfy { $0.severity == .warning })
  }

  @Test(
    "A file that is not an object of routes is refused as a whole",
    arguments: [
      ("", "routes.not-json"), ("{", "routes.not-json"), (#"{"a": "http://127.0"#, "routes.not-json"),
      ("nonsense", "routes.not-json"), (String(repeating: "[", count: 100_000), "routes.not-json"),
      ("[]", "routes.not-object"), ("null", "routes.not-object"), (#""x""#, "routes.not-object"),
      (#"{"a": ""# + String(repeating: " ", count: 1 << 20) + #""}"#, "routes.too-large"),
    ])
  func wholeFile(text: String, code: String) throws {
    #expect { try table(text) } throws: { ($0 as? RoutesFileError)?.code == code }
  }

  @Test("More routes than are served are refused")
  func tooMany() throws {
    let entries = (0...RouteTable.maximumRoutes).map { #""\#($0)": null"# }.joined(separator: ",")
    #expect { try table("{\(entries)}") } throws: { ($0 as? RoutesFileError)?.kind == .tooLarge }
  }

  @Test("A-9 routes in memory have the same rules")
  func memory() {
    let table = RouteTable(["good": "http://127.0.0.1/", "bad": "nowhere", "far": "http://10.0.0.1/"])
    #expect(table.routes.keys.sorted() == ["good"])
    #expect(table.findings.map(\.code) == [.url, .remote])
  }
}
