import Foundation

/// How a unary call ended.
enum UnaryAnswer: Equatable, Sendable {
  /// The handler's response.
  case response(Data)
  /// The handler failed, with this text.
  case failure(Data)
  /// A node failed on the way, with this text.
  case daemonError(String)
  /// The request was carried out; there is nothing to tell.
  case done
  /// The call was cancelled.
  case cancelled

  /// nil for a result that says nothing.
  init?(_ result: PBControlUnaryResult) {
    switch result.result {
    case .body(let body): self = .response(body)
    case .error(let text): self = .failure(text)
    case nil: return nil
    }
  }

  /// As the handler's side tells it; nil if it is not the handler's to tell.
  var result: PBControlUnaryResult? {
    switch self {
    case .response(let body): .with { $0.body = body }
    case .failure(let text): .with { $0.error = text }
    case .daemonError, .done, .cancelled: nil
    }
  }
}
