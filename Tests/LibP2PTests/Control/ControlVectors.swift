@testable import LibP2P

/// Frames of the control protocol that hivemind's own messages made (Tests/Vectors/control/generate.py).
struct ControlVectors: Decodable {
  let peer: Hex
  let callID: Hex
  let requests: [String: Hex]
  let messages: [String: Hex]
  let answers: [String: Hex]

  static func load() throws -> ControlVectors { try Vectors.load("control/frames.json") }
}
