public import Protocols

/// The procedures of inference with the code behind them, under the name of one protocol. Made by
/// ``InferenceService/servicer(as:)``.
public struct InferenceServicer<Declared: InferenceProcedures>: Servicer, InferenceProcedures {
  public static var className: String { Declared.className }

  let service: InferenceService
  let limits: CallLimits

  public var handlers: [RPCHandler] {
    [
      Self.rpcInfo.handler { [service] _, _ in service.information.message },
      Self.rpcInferenceStream.handler(service.answer).limited(to: limits),
    ]
  }
}
