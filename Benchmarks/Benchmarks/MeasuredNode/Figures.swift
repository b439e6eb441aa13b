import Foundation

/// What a measurement says, on standard output.
public enum Figures {
  /// Says one line.
  public static func say(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }

  /// Says figures by name, as one JSON object.
  public static func report(_ figures: [String: Double]) {
    say("{\(figures.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", "))}")
  }
}

/// What makes a figure worthless.
public struct Worthless: Error, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}
