import Synchronization

/// Room for questions to the chain: how many may be under way at once, and who is next.
///
/// A question that finds no place waits in line. Those about peers that came by themselves have a part of the places and a
/// short line of their own; those that this node's own work waits for come first, so that no number of strangers keeps
/// them out.
final class QuestionRoom: Sendable {
  /// Who wants to know.
  enum Asker: Sendable, Hashable {
    /// A peer that came by itself, and is nobody yet.
    case stranger
    /// This node's own calls, and peers that it has let in.
    case own
  }

  /// A question that has a place, or waits for one.
  struct Ticket: Sendable, Hashable {
    fileprivate let number: UInt64
  }

  /// The way from a line to the task that waits in it.
  private enum Waiter {
    /// The task has not come to wait yet.
    case coming
    case waiting(CheckedContinuation<Bool, Never>)
    /// It was decided before the task came: whether it has a place.
    case decided(Bool)
  }

  private struct State {
    var last: UInt64 = 0
    /// Questions with a place.
    var placed: [UInt64: Asker] = [:]
    var lines: [Asker: [UInt64]] = [:]
    var waiters: [UInt64: Waiter] = [:]
  }

  private let places: Int
  private let strangersPlaces: Int
  private let lineLengths: [Asker: Int]
  private let state = Mutex(State())

  /// - Parameters:
  ///   - places: questions under way at once.
  ///   - strangersPlaces: how many of them may be strangers'.
  ///   - line: questions that may wait.
  ///   - strangersLine: those of strangers that may, besides.
  init(places: Int, strangersPlaces: Int, line: Int, strangersLine: Int) {
    self.places = max(1, places)
    self.strangersPlaces = min(max(1, strangersPlaces), max(1, places))
    lineLengths = [.own: max(0, line), .stranger: max(0, strangersLine)]
  }

  /// Takes a place, or one in line.
  ///
  /// - Returns: nil if the line is full, too.
  func enter(_ asker: Asker) -> Ticket? {
    state.withLock { state in
      let number = state.last + 1
      if hasPlace(for: asker, state), state.lines[asker]?.isEmpty ?? true {
        state.placed[number] = asker
        state.waiters[number] = .decided(true)
      } else {
        guard state.lines[asker]?.count ?? 0 < lineLengths[asker] ?? 0 else { return nil }
        state.lines[asker, default: []].append(number)
        state.waiters[number] = .coming
      }
      state.last = number
      return Ticket(number: number)
    }
  }

  /// Waits until the question has a place; once for each ticket.
  ///
  /// - Returns: whether it has one; false if none came free in time, and then it is out of the line.
  func turn(_ ticket: Ticket, patience: Duration) async -> Bool {
    let number = ticket.number
    let alarm = Task {
      try await Task.sleep(for: patience)
      self.giveUp(number)
    }
    defer { alarm.cancel() }
    return await withCheckedContinuation { continuation in
      let decided: Bool? = state.withLock { state in
        if case .decided(let hasPlace) = state.waiters[number] {
          state.waiters[number] = nil
          return hasPlace
        }
        state.waiters[number] = .waiting(continuation)
        return nil
      }
      if let decided { continuation.resume(returning: decided) }
    }
  }

  /// Gives the place to whoever is next.
  func leave(_ ticket: Ticket) {
    call { $0.placed[ticket.number] = nil }
  }

  /// Somebody of this node's own wants to know, too, what a stranger's question is about: it waits as an own one.
  func promote(_ ticket: Ticket) {
    call { state in
      if state.placed[ticket.number] != nil { state.placed[ticket.number] = .own }
      guard let index = state.lines[.stranger]?.firstIndex(of: ticket.number) else { return }
      state.lines[.stranger]?.remove(at: index)
      state.lines[.own, default: []].append(ticket.number)
    }
  }

  private func giveUp(_ number: UInt64) {
    let waiter: CheckedContinuation<Bool, Never>? = state.withLock { state in
      for asker in [Asker.own, .stranger] {
        guard let index = state.lines[asker]?.firstIndex(of: number) else { continue }
        state.lines[asker]?.remove(at: index)
        return Self.decide(number, false, &state)
      }
      return nil
    }
    waiter?.resume(returning: false)
  }

  private func hasPlace(for asker: Asker, _ state: State) -> Bool {
    guard state.placed.count < places else { return false }
    return asker == .own || state.placed.values.count { $0 == .stranger } < strangersPlaces
  }

  /// Changes the state, then calls in those that have a place by it.
  private func call(_ change: (inout State) -> Void) {
    let called = state.withLock { state in
      change(&state)
      var called: [CheckedContinuation<Bool, Never>] = []
      for asker in [Asker.own, .stranger] {
        while hasPlace(for: asker, state), let number = state.lines[asker]?.first {
          state.lines[asker]?.removeFirst()
          state.placed[number] = asker
          if let waiter = Self.decide(number, true, &state) { called.append(waiter) }
        }
      }
      return called
    }
    for waiter in called { waiter.resume(returning: true) }
  }

  private static func decide(
    _ number: UInt64, _ hasPlace: Bool, _ state: inout State
  ) -> CheckedContinuation<Bool, Never>? {
    guard case .waiting(let waiter) = state.waiters[number] else {
      state.waiters[number] = .decided(hasPlace)
      return nil
    }
    state.waiters[number] = nil
    return waiter
  }
}
