import Foundation
import Fuzzing
import NIOCore

@testable import LibP2P

/// What a hostile process sends at the control socket, and a hostile node to its client. The first byte chooses. However
/// the bytes are cut, the same must be read.
@main
struct FuzzControl: FuzzTarget {
  private static let limit = 1024

  func seeds() throws -> [[UInt8]] {
    struct Frames: Decodable {
      var requests: [String: String]
      var messages: [String: String]
      var answers: [String: String]
    }
    let frames = try JSONDecoder().decode(Frames.self, from: Data(try Vectors.bytes("control/frames.json")))
    func bytes(_ text: String) -> [UInt8] {
      stride(from: 0, to: text.utf8.count, by: 2).compactMap { start in
        UInt8(text.dropFirst(start).prefix(2), radix: 16)
      }
    }
    let upgrade = bytes(frames.requests["upgrade"] ?? "")
    var seeds = frames.requests.values.map { Array("n".utf8) + bytes($0) }
    seeds += frames.messages.values.map { Array("n".utf8) + upgrade + bytes($0) }
    seeds += frames.answers.values.map { Array("c".utf8) + bytes($0) }
    seeds.append(Array("r".utf8) + [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    return seeds
  }

  func take(_ input: [UInt8]) {
    let bytes = Array(input.dropFirst())
    switch input.first.map({ Unicode.Scalar($0) }) {
    case "n": promise(node(bytes, step: bytes.count) == node(bytes, step: 1), "cutting changes what a node reads")
    case "c": promise(client(bytes, step: bytes.count) == client(bytes, step: 1), "cutting changes what a client reads")
    case "r": registry(bytes)
    default: break
    }
  }

  // MARK: Framing

  private struct Outcome<Item: Equatable>: Equatable {
    var items: [Item] = []
    var failure: ControlError.Code?
  }

  private enum NodeItem: Equatable {
    case request(ControlRequest)
    case message(ClientMessage)
    case stream([UInt8])
  }

  private func node(_ bytes: [UInt8], step: Int) -> Outcome<NodeItem> {
    var session = ControlSession(requestLength: Self.limit, messageLength: Self.limit)
    var outcome = Outcome<NodeItem>()
    var isPersistent = false
    var stream: [UInt8]?
    do throws(ControlError) {
      for piece in pieces(bytes, step) {
        if stream != nil {
          stream? += [UInt8](buffer: piece)
          continue
        }
        session.receive(piece)
        while stream == nil {
          if isPersistent {
            guard let message = try session.nextMessage() else { break }
            outcome.items.append(.message(message))
            continue
          }
          guard let request = try session.nextRequest() else { break }
          outcome.items.append(.request(request))
          if request == .upgrade {
            session.upgrade()
            isPersistent = true
          } else if case .openStream = request {
            stream = [UInt8](buffer: session.takeStream())
          }
        }
      }
    } catch {
      outcome.failure = error.kind
    }
    if let stream { outcome.items.append(.stream(stream)) }
    return outcome
  }

  private func client(_ bytes: [UInt8], step: Int) -> Outcome<DaemonMessage> {
    var frames = FrameDecoder(maximumLength: Self.limit)
    var outcome = Outcome<DaemonMessage>()
    do throws(ControlError) {
      for piece in pieces(bytes, step) {
        frames.append(piece)
        while let message = try frames.next(PBControlPersistentResponse.self) {
          outcome.items.append(try DaemonMessage(message))
        }
      }
    } catch {
      outcome.failure = error.kind
    }
    return outcome
  }

  private func pieces(_ bytes: [UInt8], _ step: Int) -> [ByteBuffer] {
    stride(from: 0, to: bytes.count, by: max(1, step)).map { start in
      ByteBuffer(bytes: bytes[start..<min(start + max(1, step), bytes.count)])
    }
  }

  // MARK: Handlers

  /// Any sequence of registrations and removals: turns reach everybody who is there, limits hold, the end is empty.
  private func registry(_ bytes: [UInt8]) {
    let maximum = 4
    var registry = HandlerRegistry(maximumPerProcess: maximum)
    var present: [String: [UInt64]] = [:]
    for byte in bytes {
      let name = "n\(byte & 3)"
      let client = UInt64(byte >> 2 & 3)
      let owner = HandlerRegistry.Owner.link(client)
      switch byte >> 4 & 3 {
      case 0, 1:
        let isBalanced = byte & 0x80 != 0
        do throws(ControlError) {
          try registry.add(name, .unary, owner, of: Int32(client), isBalanced: isBalanced) { true }
          promise(isBalanced || present[name, default: []].isEmpty, "a name was taken twice")
          present[name, default: []].append(client)
        } catch {}
      case 2:
        if let isLast = try? registry.remove(name, owner) {
          present[name]?.removeAll { $0 == client }
          promise(isLast == (present[name]?.isEmpty ?? true), "the last one was not noticed")
        }
      default:
        _ = registry.removeAll(owner)
        for name in present.keys { present[name]?.removeAll { $0 == client } }
      }
      for (name, clients) in present {
        promise(Set(registry.turn(name, .unary)) == Set(clients.map { .link($0) }), "a turn misses somebody")
      }
      for client in UInt64(0)..<4 {
        let count = present.values.reduce(0) { $0 + $1.count { $0 == client } }
        promise(count <= maximum, "a process has too many handlers")
      }
    }
    for client in UInt64(0)..<4 { _ = registry.removeAll(.link(client)) }
    promise(registry.names.isEmpty, "a handler is left behind")
  }
}
