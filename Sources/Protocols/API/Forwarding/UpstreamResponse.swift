import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// The answer of a server, as far as callers may see it.
struct UpstreamResponse: Sendable {
  /// The HTTP status.
  let status: Int
  /// The headers that may be shown, in their order.
  let headers: [(name: String, value: String)]
  /// The body's length as announced, if it is sent as it is.
  let announcedLength: Int?
  private let body: HTTPClientResponse.Body

  /// - Parameter method: what was asked; the answer to `HEAD` announces a body and has none.
  init(_ response: HTTPClientResponse, to method: HTTPMethod, route: ServedRoute) {
    status = Int(response.status.code)
    let shown = HeaderRules.ofAnswers.union(route.configuration.responseHeaders.map { $0.lowercased() })
    headers = response.headers.filter {
      shown.contains($0.name.lowercased()) && !HeaderRules.isNeverForwarded($0.name.lowercased())
    }
    announcedLength =
      method == .HEAD || response.headers.contains(name: "content-encoding")
      ? nil : response.headers.first(name: "content-length").flatMap { Int($0) }
    body = response.body
  }

  /// Gives the body piece by piece to `take`; the server waits while it works.
  ///
  /// - Throws: what `take` throws, ``ApiError``, `CancellationError`.
  func forEachPiece(_ take: (ByteBuffer) async throws -> Void) async throws {
    var pieces = body.makeAsyncIterator()
    while true {
      let piece: ByteBuffer?
      do {
        piece = try await pieces.next()
      } catch {
        throw Upstream.translate(error)
      }
      // A body whose task is cancelled ends like a whole one.
      try Task.checkCancellation()
      guard let piece else { return }
      try await take(piece)
    }
  }
}
