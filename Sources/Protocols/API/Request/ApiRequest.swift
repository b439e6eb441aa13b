internal import Foundation
internal import LibP2P
public import NIOCore
internal import SwiftProtobuf

/// One call: which route, and what of HTTP the caller may choose.
public struct ApiRequest: Sendable, Hashable {
  /// How the answer is wanted.
  public enum ResponseType: Sendable, Hashable {
    /// In one piece.
    case unary
    /// As it is made.
    case stream
    /// A number that has no meaning.
    case unknown(Int)
  }

  /// The longest message, in bytes, without its length.
  public static let maximumLength = 1 << 20
  /// Fields of a message, each header being one: a table of headers takes many times its bytes in memory.
  static let maximumFields = 1_024
  /// The longest deadline that is told or believed: decades, and far from what overflows.
  private static let maximumDeadline = Duration.milliseconds(1 << 40)

  /// The name in the answering node's routes: a key, never a path.
  public var route: String
  /// The HTTP method.
  public var method: String
  /// HTTP headers by name.
  public var headers: [String: String]
  /// The body; empty for none.
  public var body: ByteBuffer
  /// How the answer is wanted.
  public var responseType: ResponseType
  /// How long the caller waits for the whole answer. Version 1.0.0 does not carry it.
  public var deadline: Duration?

  /// A request; what is not given is as the published nodes have it.
  public init(
    route: String, method: String = "GET", headers: [String: String] = [:], body: ByteBuffer = ByteBuffer(),
    responseType: ResponseType = .unary, deadline: Duration? = nil
  ) {
    self.route = route
    self.method = method
    self.headers = headers
    self.body = body
    self.responseType = responseType
    self.deadline = deadline
  }

  /// Reads a message without its length.
  ///
  /// - Throws: ``ApiError`` `api.malformed`.
  init(message: ByteBuffer) throws(ApiError) {
    guard message.withUnsafeReadableBytes({ FieldBudget.allows($0, upTo: Self.maximumFields) }),
      let request = try? PBApiRequest(serializedBytes: message.readableBytesSpan, options: .api)
    else {
      throw ApiError(.malformed, "Error parsing message")
    }
    self.init(
      route: request.route, method: request.method, headers: request.headers, body: ByteBuffer(bytes: request.body),
      responseType: ResponseType(request.responseType),
      deadline: request.deadlineMilliseconds == 0
        ? nil : min(.milliseconds(Int64(clamping: request.deadlineMilliseconds)), Self.maximumDeadline))
  }

  /// The message with its length before it; headers in order of their names.
  ///
  /// - Parameter maximumLength: the longest message, in bytes.
  /// - Throws: ``ApiError`` `api.too-long`.
  func frame(maximumLength: Int = maximumLength) throws(ApiError) -> ByteBuffer {
    var request = PBApiRequest()
    request.route = route
    request.method = method
    request.headers = headers
    request.body = Data(body.readableBytesView)
    request.responseType = responseType.number
    if let deadline {
      request.deadlineMilliseconds = UInt64(
        clamping: max(1, TimeAmount(min(deadline, Self.maximumDeadline)).nanoseconds / 1_000_000))
    }
    var options = BinaryEncodingOptions()
    options.useDeterministicOrdering = true
    guard let message: [UInt8] = try? request.serializedBytes(options: options), message.count <= maximumLength else {
      throw ApiError(.tooLong, "API request frame exceeded maximum \(maximumLength) bytes")
    }
    return FrameDecoder.frame(message)
  }
}

extension ApiRequest.ResponseType {
  fileprivate init(_ number: PBApiResponseType) {
    switch number {
    case .unary: self = .unary
    case .stream: self = .stream
    case .UNRECOGNIZED(let number): self = .unknown(number)
    }
  }

  fileprivate var number: PBApiResponseType {
    switch self {
    case .unary: .unary
    case .stream: .stream
    case .unknown(let number): .UNRECOGNIZED(number)
    }
  }
}
