import Fuzzing
import NIOCore

@testable import Protocols

/// What callers and answering nodes of the API protocol send, and routes files. The first byte chooses the reader. The
/// outcome is the same however the bytes are cut; what is taken stays within its bounds.
@main
struct FuzzAPI: FuzzTarget {
  /// The longest body that answers may have here, in bytes.
  private static let maximum = 4_096

  init() {}

  func seeds() throws -> [[UInt8]] {
    let requests = try Vectors.hex("framed_hex", in: "subnet/api_protocol.json")
    // A head with one header, two parts and the end; then a failure.
    let whole: [UInt8] =
      [1, 15, 8, 200, 1, 18, 10, 10, 1, 97, 18, 5] + Array("b c d".utf8) + [2, 2, 104, 105, 2, 1, 33]
    let failure = [4, 13, 10, 8] + Array("api.busy".utf8) + [18, 1, 120]
    let routes = [
      #"{"a": {"url": "http://127.0.0.1:1/x", "stream": true, "timeout_seconds": 1.5, "max_request_bytes": 3}}"#,
      #"{"a": "http+unix://%2Frun%2Fs/x", "b": {"url": "https://[::1]/", "tls_verify": false, "min_class": "idle"}}"#,
      #"{"far": {"url": "http://10.0.0.1/", "allow_remote": true, "allowed_headers": ["a"], "methods": ["GET"]}}"#,
    ]
    return requests.map { Array("r".utf8) + $0 }
      + [whole + [3, 2, 8, 3], failure].map { Array("f".utf8) + $0 }
      + [Array("p".utf8) + whole] + routes.map { Array("t".utf8) + Array($0.utf8) }
  }

  func take(_ input: [UInt8]) {
    let bytes = Array(input.dropFirst())
    switch input.first.map({ Unicode.Scalar($0) }) {
    case "r": request(bytes)
    case "f": answer(bytes, .framed)
    case "p": answer(bytes, .plain)
    case "t": routes(bytes)
    default: break
    }
  }

  private func pieces(_ bytes: [UInt8], of size: Int) -> [ByteBuffer] {
    stride(from: 0, to: bytes.count, by: size).map { ByteBuffer(bytes: bytes[$0..<min($0 + size, bytes.count)]) }
  }

  // MARK: Requests

  private func request(_ bytes: [UInt8]) {
    func read(_ size: Int) -> Result<ApiRequest?, ApiError> {
      var reader = ApiRequestReader()
      return Result { () throws(ApiError) in
        for piece in pieces(bytes, of: size) {
          if let request = try reader.receive(piece) { return request }
        }
        return nil
      }
    }
    let whole = read(max(bytes.count, 1))
    promise(read(1) == whole && read(3) == whole, "cutting changes the request")
    guard case .success(let request?) = whole else { return }
    promise(request.body.readableBytes <= bytes.count, "a body is larger than what came")
    guard let frame = try? request.frame() else { return }
    var reader = ApiRequestReader()
    promise((try? reader.receive(frame)) == request, "a request changes when it is written")
  }

  // MARK: Answers

  private struct Outcome: Equatable {
    var head: AnswerReader.Event?
    var body = ByteBuffer()
    var isOver = false
    var error: ApiError?
  }

  private func answer(_ bytes: [UInt8], _ version: ApiVersion) {
    func read(_ size: Int) -> Outcome {
      var reader = ResponseReader(version, maximum: Self.maximum)
      var outcome = Outcome()
      do throws(ApiError) {
        for piece in pieces(bytes, of: size) {
          try reader.receive(piece)
          while let event = try reader.next() {
            switch event {
            case .body(let part): outcome.body.writeImmutableBuffer(part)
            case .head: outcome.head = event
            case .end: break
            }
          }
        }
        if !reader.isOver { try reader.receive(nil) }
        outcome.isOver = reader.isOver
      } catch {
        outcome.error = error
      }
      return outcome
    }
    let whole = read(max(bytes.count, 1))
    promise(whole.body.readableBytes <= Self.maximum, "more is taken than allowed")
    promise(whole.isOver == (whole.error == nil), "an answer is neither whole nor broken")
    for size in [1, 3] {
      let cut = read(size)
      promise(cut.head == whole.head && cut.isOver == whole.isOver, "cutting changes the answer")
      promise(cut.error?.kind == whole.error?.kind, "cutting changes the failure")
      promise(whole.error != nil || cut.body == whole.body, "cutting changes the body")
    }
  }

  // MARK: Routes

  private func routes(_ text: [UInt8]) {
    guard let table = try? RouteTable(file: text, folder: "/nowhere") else { return }
    promise(table.routes.count <= RouteTable.maximumRoutes, "more routes are served than allowed")
    for (name, route) in table.routes {
      promise(name == route.name, "a route has another name")
      guard let address = try? UpstreamAddress(route.configuration.url) else {
        promise(false, "a route leads nowhere")
        return
      }
      promise(address.isLocal || route.configuration.allowsRemote, "a route leads elsewhere")
      promise((route.tls != nil) == address.isSecure, "a route and its URL disagree about TLS")
    }
    let broken = Set(table.findings.filter { $0.severity == .error }.map(\.route))
    promise(broken.isDisjoint(with: table.routes.keys), "a broken route is served")
  }
}
