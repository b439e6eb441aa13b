import Dispatch
import Hoster
import Synchronization

/// Makes tokens at a pace, each of which is the time at which it was made; or does nothing but compute for a while; or
/// says when it last stopped work that was not wanted any more.
///
/// A prompt is a ``Work`` and a number: microseconds between tokens, or milliseconds of computing.
struct StampingBackend: InferenceBackend {
  enum Work: Int32 {
    case pace = 0
    case compute = 1
    case lastStop = 2
  }

  /// Token ids are from 0 to below this, and so are times in microseconds, which begin anew from there.
  static let vocabulary: Int32 = 1 << 30

  static func prompt(_ work: Work, _ number: Int32) -> [Int32] { [work.rawValue, number] }

  /// The machine's monotonic clock, the same in all processes.
  static var now: Int32 { Int32(truncatingIfNeeded: DispatchTime.now().uptimeNanoseconds / 1000) & (vocabulary - 1) }

  /// Seconds since a token was made.
  static func age(of token: Int32) -> Double { seconds(from: token, to: now) }

  static func seconds(from earlier: Int32, to later: Int32) -> Double {
    Double((later &- earlier) & (vocabulary - 1)) / 1e6
  }

  func describe() -> ModelDescription {
    ModelDescription(
      name: "stamps", hash: nil, vocabularySize: Int(Self.vocabulary), contextLength: 4096, type: nil)
  }

  private static let lastStop = Mutex<Int32>(0)

  func tokens(for request: InferenceRequest) -> TokenStream {
    let number = request.prompt.last ?? 0
    let isComputing = request.prompt.first == Work.compute.rawValue
    let (stream, tokens) = TokenStream.makeStream()
    if request.prompt.first == Work.lastStop.rawValue {
      tokens.yield(Self.lastStop.withLock { $0 })
      tokens.finish()
      return stream
    }
    let task = Task {
      for _ in 0..<request.maximumNewTokens where !Task.isCancelled {
        if isComputing {
          await Self.compute(milliseconds: number)
        } else if number > 0 {
          try? await Task.sleep(for: .microseconds(number))
        } else {
          await Task.yield()
        }
        tokens.yield(Self.now)
      }
      if Task.isCancelled { Self.lastStop.withLock { $0 = Self.now } }
      tokens.finish()
    }
    tokens.onTermination = { _ in task.cancel() }
    return stream
  }

  /// Keeps a thread of its own busy, as a model does.
  private static func compute(milliseconds: Int32) async {
    await withCheckedContinuation { done in
      DispatchQueue.global().async {
        let end = DispatchTime.now() + .milliseconds(Int(milliseconds))
        while DispatchTime.now() < end {}
        done.resume()
      }
    }
  }
}
