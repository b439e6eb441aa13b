internal import CLibFuzzer
internal import Foundation

/// A program that libFuzzer feeds: `@main struct FuzzX: FuzzTarget`.
///
/// `FuzzX --seeds FOLDER` writes its first inputs; with any other arguments libFuzzer takes over.
public protocol FuzzTarget {
  /// Makes, once, what every input needs.
  init() throws

  /// Inputs to begin with, of each kind that the target knows.
  func seeds() throws -> [[UInt8]]

  /// Takes one input. It must not crash, hang or grow; an input that is refused is a good one.
  func take(_ input: [UInt8])
}

extension FuzzTarget {
  public static func main() throws {
    let target = try Self()
    let arguments = CommandLine.arguments
    if arguments.count == 3, arguments[1] == "--seeds" {
      try write(target.seeds(), to: URL(filePath: arguments[2]))
      return
    }
    run = { target.take($0) }
    var count = CommandLine.argc
    var start: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
    exit(LLVMFuzzerRunDriver(&count, &start, takeOneInput))
  }

  private static func write(_ seeds: [[UInt8]], to folder: URL) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for (index, seed) in seeds.enumerated() {
      try Data(seed).write(to: folder.appending(path: "seed-\(index)"))
    }
  }
}

/// Under the name that libFuzzer's own `main`, which is linked but not run, refers to.
@_cdecl("LLVMFuzzerTestOneInput")
public func takeOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  run?(Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}

/// The C callback takes no context. libFuzzer calls it on the main thread only.
nonisolated(unsafe) private var run: (([UInt8]) -> Void)?

/// Crashes when a promise is broken, so that libFuzzer keeps the input.
public func promise(_ isKept: @autoclosure () throws -> Bool, _ message: @autoclosure () -> String) rethrows {
  if try !isKept() {
    FileHandle.standardError.write(Data("broken promise: \(message())\n".utf8))
    abort()
  }
}
