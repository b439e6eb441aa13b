import Foundation
import LibP2P

/// What a process holds at one moment, in megabytes.
struct MemoryFigures {
  /// Handed out by malloc and not given back: what the program holds. It knows neither of pages that malloc keeps for
  /// later nor of files, so a leak shows in it and little else does.
  let allocated: Double
  /// Pages that belong to the process alone, malloc's spare ones among them.
  let anonymous: Double
  /// Pages of the program's and other files, which the system can take away.
  let mapped: Double

  var resident: Double { anonymous + mapped }

  static func now() throws -> MemoryFigures {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    func megabytes(_ name: String) throws -> Double {
      guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("\(name):") }),
        let kilobytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Double($0) })
      else { throw ValidatorEpochs.Failure("the system does not tell \(name)") }
      return kilobytes / 1024
    }
    guard let allocated = ProcessMemory.allocated else {
      throw ValidatorEpochs.Failure("this system's malloc does not tell what it has handed out")
    }
    return MemoryFigures(
      allocated: Double(allocated) / 1_048_576, anonymous: try megabytes("RssAnon"),
      mapped: try megabytes("RssFile") + megabytes("RssShmem"))
  }

  /// Once what was under way is over: nothing more is given back for a while. Takes two minutes at the most.
  static func atRest() async throws -> MemoryFigures {
    var (least, calm) = (try now(), 0)
    for _ in 0..<24 where calm < 3 {
      try await Task.sleep(for: .seconds(5))
      let next = try now()
      calm = next.allocated < least.allocated - 0.05 ? 0 : calm + 1
      if next.allocated < least.allocated { least = next }
    }
    return least
  }
}
