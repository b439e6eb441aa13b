import Foundation
import Testing

@testable import Hoster

@Suite("The inference server", .timeLimit(.minutes(2)))
struct AsyncInferenceServerTests {
  private typealias Event = SteppedBackend.Event

  private static func request(_ name: Int32, tokens: Int = 3) -> InferenceRequest {
    InferenceRequest(prompt: [name], maximumNewTokens: tokens)
  }

  private static func limits(running: Int) -> InferenceLimits {
    var limits = InferenceLimits()
    limits.running = running
    return limits
  }

  @Test("P-78 a queued request starts after the one before it, and both complete with the oracle's tokens")
  func realModel() async throws {
    let backend = GPT2Backend(try GPT2(folder: GoldenModel.f32.folder.path))
    let server = AsyncInferenceServer(backend, limits: Self.limits(running: 1))
    let cases = try GoldenModel.f32.cases()
    let streams = try cases.map {
      try server.submit(InferenceRequest(prompt: $0.prompt, maximumNewTokens: $0.tokens.count), peer: "peer")
    }
    for (expected, stream) in zip(cases, streams) { #expect(try await Array(collecting: stream) == expected.tokens) }
  }

  @Test("Requests that run at the same time don't change each other's tokens")
  func concurrency() async throws {
    let backend = GPT2Backend(try GPT2(folder: GoldenModel.f16.folder.path))
    let server = AsyncInferenceServer(backend)
    let cases = try GoldenModel.f16.cases()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<3 * cases.count {
        let expected = cases[index % cases.count]
        let request = InferenceRequest(prompt: expected.prompt, maximumNewTokens: expected.tokens.count)
        let stream = try server.submit(request, peer: "\(index % 4)")
        group.addTask {
          let tokens = try await Array(collecting: stream)
          #expect(tokens == expected.tokens)
        }
      }
      try await group.waitForAll()
    }
  }

  @Test("P-84 several requests progress at a time, and a failing one reaches its submitter only")
  func isolation() async throws {
    let backend = SteppedBackend()
    let server = AsyncInferenceServer(backend, limits: Self.limits(running: 2))
    var (one, two) = try (
      server.submit(Self.request(1), peer: "a").makeAsyncIterator(),
      server.submit(Self.request(2), peer: "b").makeAsyncIterator()
    )
    let third = try server.submit(Self.request(3, tokens: 1), peer: "c")
    var events = backend.events.makeAsyncIterator()
    try await events.skip(to: .asked(1), .asked(2))
    backend.give(11, to: 1)
    #expect(try await one.next() == 11)
    backend.give(21, to: 2)
    #expect(try await two.next() == 21)
    backend.give(12, to: 1)
    #expect(try await one.next() == 12)
    backend.fail(2)
    await #expect(throws: SteppedBackend.Failure.self) { _ = try await two.next() }
    // The place is free for the one that waited; the first goes on as if nothing had happened.
    try await events.skip(to: .asked(3))
    backend.give(31, to: 3)
    #expect(try await Array(collecting: third) == [31])
    backend.give(13, to: 1)
    #expect(try await one.next() == 13)
    #expect(try await one.next() == nil)
  }

  @Test("P-84 what validators ask goes before what others ask")
  func priority() async throws {
    let backend = SteppedBackend()
    let server = AsyncInferenceServer(backend, limits: Self.limits(running: 1))
    let streams = try [
      server.submit(Self.request(1, tokens: 1), peer: "a"), server.submit(Self.request(2, tokens: 1), peer: "b"),
      server.submit(
        Self.request(3, tokens: 1), priority: AsyncInferenceServer.validatorPriority, peer: "c"),
    ]
    var events = backend.events.makeAsyncIterator()
    var order: [Int32] = []
    for _ in streams {
      while let event = await events.next() {
        guard case .asked(let name) = event else { continue }
        order.append(name)
        backend.give(0, to: name)
        break
      }
    }
    #expect(order == [1, 3, 2])
    for stream in streams { #expect(try await Array(collecting: stream) == [0]) }
  }

  @Test("When the consumer goes away, nothing more is computed and its place is free")
  func cancellation() async throws {
    let backend = SteppedBackend()
    let server = AsyncInferenceServer(backend, limits: Self.limits(running: 1))
    let first = try server.submit(Self.request(1), peer: "a")
    let waiting = try server.submit(Self.request(2), peer: "a")
    let last = try server.submit(Self.request(3, tokens: 1), peer: "a")
    var events = backend.events.makeAsyncIterator()
    try await events.skip(to: .asked(1))
    let consumer = Task { try await Array(collecting: first) }
    let impatient = Task { try await Array(collecting: waiting) }
    impatient.cancel()
    _ = await impatient.result
    consumer.cancel()
    _ = await consumer.result
    // The request was released without another question, and the one given up in the queue never began.
    var seen: [Event] = []
    while let event = await events.next() {
      seen.append(event)
      if event == .asked(3) { break }
    }
    #expect(Set(seen.map { "\($0)" }) == Set([Event.released(1), .began(3), .asked(3)].map { "\($0)" }))
    backend.give(31, to: 3)
    #expect(try await Array(collecting: last) == [31])
  }

  @Test("When one that waits for room goes away, what it held up is begun")
  func room() async throws {
    let backend = SteppedBackend()
    var limits = InferenceLimits(running: 8, tokens: 100)
    limits.runningTokensPerPeer = 100
    let server = AsyncInferenceServer(backend, limits: limits)
    let large = try server.submit(Self.request(1, tokens: 89), peer: "a")
    let larger = try server.submit(Self.request(2, tokens: 49), peer: "b")
    let small = try server.submit(Self.request(3, tokens: 4), peer: "c")
    var events = backend.events.makeAsyncIterator()
    try await events.skip(to: .asked(1))
    #expect(server.load == InferenceLoad(waiting: 2, running: 1))
    let impatient = Task { try await Array(collecting: larger) }
    impatient.cancel()
    _ = await impatient.result
    try await events.skip(to: .asked(3))
    #expect(server.load == InferenceLoad(waiting: 0, running: 2))
    _ = (large, small)
    await server.stop()
  }

  @Test("P-72 what the model can't take is refused at once, and takes no room from others")
  func refusedEarly() throws {
    let server = AsyncInferenceServer(GPT2Backend(try GPT2(folder: GoldenModel.bf16.folder.path)))
    let request = InferenceRequest(prompt: Array(repeating: 1, count: 1 << 16), maximumNewTokens: 1)
    #expect { _ = try server.submit(request, peer: "a") } throws: { ($0 as? InferenceError)?.kind == .tooLong }
    #expect(server.load == InferenceLoad(waiting: 0, running: 0))
  }

  @Test("A stream that is let go without being read counts as gone")
  func abandoned() async throws {
    let backend = SteppedBackend()
    let server = AsyncInferenceServer(backend, limits: Self.limits(running: 1))
    var events = backend.events.makeAsyncIterator()
    do {
      let stream = try server.submit(Self.request(1), peer: "a")
      try await events.skip(to: .asked(1))
      _ = consume stream
    }
    try await events.skip(to: .released(1))
  }

  @Test("A backend that gives more than was asked for is cut off")
  func generousBackend() async throws {
    let backend = SteppedBackend()
    let server = AsyncInferenceServer(backend)
    let stream = try server.submit(Self.request(1, tokens: 2), peer: "a")
    var events = backend.events.makeAsyncIterator()
    try await events.skip(to: .asked(1))
    for token: Int32 in 1...5 { backend.give(token, to: 1) }
    #expect(try await Array(collecting: stream) == [1, 2])
    try await events.skip(to: .released(1))
  }

  @Test("A prompt or an answer above the limits is refused before it is kept")
  func limits() throws {
    var limits = InferenceLimits()
    (limits.promptTokens, limits.newTokens) = (2, 3)
    let server = AsyncInferenceServer(SteppedBackend(), limits: limits)
    for (length, count, code) in [(3, 1, InferenceError.Code.tooLong), (2, 4, .tokenCount)] {
      let request = InferenceRequest(prompt: Array(repeating: 1, count: length), maximumNewTokens: count)
      #expect { _ = try server.submit(request, peer: "a") } throws: { ($0 as? InferenceError)?.kind == code }
    }
  }

  @Test("A server that stops ends what runs and what waits, and takes nothing more")
  func stop() async throws {
    let backend = SteppedBackend()
    let server = AsyncInferenceServer(backend, limits: Self.limits(running: 1))
    let streams = try [1, 2].map { try server.submit(Self.request($0), peer: "a") }
    var events = backend.events.makeAsyncIterator()
    try await events.skip(to: .asked(1))
    await server.stop()
    for stream in streams {
      await #expect { _ = try await Array(collecting: stream) } throws: { ($0 as? InferenceError)?.kind == .stopped }
    }
    #expect { _ = try server.submit(Self.request(3), peer: "a") } throws: { ($0 as? InferenceError)?.kind == .stopped }
  }

  @Test("A server that is given time to stop lets what runs and what waits come to its end, and takes nothing more")
  func drain() async throws {
    let backend = SteppedBackend()
    let server = AsyncInferenceServer(backend, limits: Self.limits(running: 1))
    let running = try server.submit(Self.request(1), peer: "a")
    let waiting = try server.submit(Self.request(2, tokens: 1), peer: "a")
    var events = backend.events.makeAsyncIterator()
    try await events.skip(to: .asked(1))
    backend.give(11, to: 1)
    async let ending: Void = server.stop(within: .seconds(600))
    // Until it has begun to stop it lets others in, who go at once.
    var refusal: InferenceError?
    while refusal == nil {
      do throws(InferenceError) {
        _ = try server.submit(Self.request(3), peer: "b")
        await Task.yield()
      } catch {
        refusal = error
      }
    }
    #expect(refusal?.kind == .stopped)
    for token: Int32 in [12, 13] { backend.give(token, to: 1) }
    #expect(try await Array(collecting: running) == [11, 12, 13])
    try await events.skip(to: .asked(2))
    backend.give(21, to: 2)
    #expect(try await Array(collecting: waiting) == [21])
    await ending
    #expect(server.load == InferenceLoad(waiting: 0, running: 0))
  }

  @Test(
    "P-72 prompts that the model can't take end with a reason and the server goes on",
    arguments: [
      ([], 1, InferenceError.Code.noPrompt), ([67], 1, .unknownToken), ([-1], 1, .unknownToken),
      ([.max], 1, .unknownToken),
      (Array(repeating: 1, count: 41), 1, .tooLong), ([1], 41, .tooLong), ([1], 0, .tokenCount), ([1], -1, .tokenCount),
      ([1], .max, .tokenCount),
    ] as [([Int32], Int, InferenceError.Code)])
  func badRequests(_ prompt: [Int32], _ count: Int, _ code: InferenceError.Code) async throws {
    let server = AsyncInferenceServer(GPT2Backend(try GPT2(folder: GoldenModel.bf16.folder.path)))
    await #expect {
      _ = try await Array(
        collecting: server.submit(InferenceRequest(prompt: prompt, maximumNewTokens: count), peer: "a"))
    } throws: { ($0 as? InferenceError)?.kind == code }
    let expected = try #require(try GoldenModel.bf16.cases().first)
    let stream = try server.submit(
      InferenceRequest(prompt: expected.prompt, maximumNewTokens: 2), peer: "a")
    #expect(try await Array(collecting: stream) == Array(expected.tokens.prefix(2)))
  }
}

extension Array where Element: Sendable {
  /// What a stream brings until it ends.
  init(collecting stream: AsyncThrowingStream<Element, any Error>) async throws {
    self = []
    for try await element in stream { append(element) }
  }
}

extension AsyncStream<SteppedBackend.Event>.Iterator {
  /// Waits until all of these have happened, in whatever order.
  mutating func skip(to events: SteppedBackend.Event...) async throws {
    var missing = events
    while !missing.isEmpty {
      let event = try #require(await next())
      missing.removeAll { $0 == event }
    }
  }
}
