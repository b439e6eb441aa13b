import ArgumentParser
import Foundation
import Substrate

/// An error at the end of a command: what the reader sees, and the exit code.
struct Failure {
  /// The program's exit codes, a subset of `sysexits.h`. Documented in docs/exit-codes.md.
  enum Status: Int32 {
    case failed = 1
    case usage = 64
    case unavailable = 69
    case wedged = 70
    case tryLater = 75
    case wrongPeer = 76
    case notPermitted = 77
    case configuration = 78
  }

  private let error: any Error

  init(_ error: any Error) { self.error = error }

  func exit() -> Never {
    guard let error = error as? any SubstrateError else { Validatord.exit(withError: error) }
    let place = (error as? RPCError)?.endpoint.map { " (\($0))" } ?? ""
    var text = "error: \(error.message)\(place) [\(error.code)]\n"
    if !error.remedy.isEmpty { text += "       \(error.remedy)\n" }
    FileHandle.standardError.write(Data(text.utf8))
    Foundation.exit(Self.status(of: error).rawValue)
  }

  static func status(of error: any SubstrateError) -> Status {
    switch error {
    case let error as RPCError: status(of: error)
    case let error as ChainError: status(of: error.kind)
    case let error as ExtrinsicError: status(of: error.kind)
    case let error as CommandError: error.status
    case let error as ScaleError: error.kind == .mismatch ? .usage : .failed
    case let error as MetadataError: error.kind == .unsupported ? .failed : .usage
    case is AccountIDError, is MnemonicError, is AccountKeyError: .usage
    case let error as KeyFileError:
      ["keyfile.mode", "keyfile.owner", "keyfile.symlink", "keyfile.passphrase"].contains(error.code)
        ? .notPermitted : .failed
    default: .failed
    }
  }

  private static func status(of error: RPCError) -> Status {
    switch error.kind {
    case .unreachable, .timeout, .connectionLost, .malformed, .frameTooLarge: .unavailable
    case .subscriptionEnded, .subscriptionOverflow, .finalityConflict: .unavailable
    case .rateLimited, .overloaded, .staleView: .tryLater
    case .wrongChain, .unsupported: .configuration
    case .cancelled, .server: .failed
    }
  }

  private static func status(of kind: ChainError.Code) -> Status {
    switch kind {
    case .malformed, .unknownBlock: .unavailable
    case .wrongChain: .configuration
    case .staleView: .tryLater
    case .tooMany, .unsupported: .failed
    }
  }

  private static func status(of kind: ExtrinsicError.Code) -> Status {
    switch kind {
    case .callNotAllowed: .notPermitted
    case .future, .priorityTooLow: .tryLater
    default: .failed
    }
  }
}

/// A mistake in how a command was called, or a condition that only the command knows.
struct CommandError: SubstrateError {
  let code: String
  let message: String
  let remedy: String
  let status: Failure.Status

  init(_ code: String, _ message: String, remedy: String = "", status: Failure.Status = .usage) {
    self.code = code
    self.message = message
    self.remedy = remedy
    self.status = status
  }
}
