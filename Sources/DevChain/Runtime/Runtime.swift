import Substrate

/// The state transition of the simulated chain as a value: blocks and extrinsics in, storage and events out.
///
/// ```
/// var runtime = Runtime(description, storage)
/// runtime.initialize(block: 1, parent: genesisHash)
/// let result = runtime.apply(extrinsic)   // as often as there are extrinsics
/// runtime.finalize()
/// ```
///
/// It knows no clock, no network and no randomness of its own: the same input gives the same bytes.
struct Runtime: Sendable {
  let description: RuntimeDescription
  var storage: Storage
  /// What elections are drawn from, besides the state.
  let seed: UInt64
  /// The hash of the chain's first block, which signatures cover.
  var genesis = H256.zero
  /// The block that is being executed, or the newest one.
  private(set) var block: UInt32
  /// The events of this block, encoded, in order.
  private(set) var events: [[UInt8]] = []
  /// When in the block the next event happens.
  var phase = Phase.initialization
  /// Set by a call that costs nothing when it succeeds.
  var isFree = false

  /// When in a block an event happens.
  enum Phase: Sendable, Hashable {
    case extrinsic(UInt32)
    case finalization
    case initialization
  }

  init(_ description: RuntimeDescription, _ storage: Storage, seed: UInt64 = 0) {
    self.description = description
    self.storage = storage
    self.seed = seed
    block = storage[System.items.number()]
  }

  var parameters: RuntimeParameters { description.parameters }

  /// Begins a block: remembers its parent, and does what falls due at its start.
  mutating func initialize(block: UInt32, parent: H256) {
    self.block = block
    events = []
    phase = .initialization
    storage[System.items.number()] = block
    storage[System.items.parentHash()] = parent
    if block > 0 { storage[System.items.blockHash(BlockNumber(block - 1))] = parent }
    if block > RuntimeParameters.blockHashCount {
      storage.remove(System.items.blockHash(BlockNumber(block - RuntimeParameters.blockHashCount - 1)))
    }
    beginBlock()
    phase = .extrinsic(0)
  }

  /// Ends a block: its events become part of the state.
  mutating func finalize() {
    phase = .finalization
    var writer = ScaleWriter(reserving: 1 << 10)
    writer.write(compact: events.count)
    for event in events { writer.write(raw: event) }
    storage.set(System.items.events.prefix, writer.bytes)
    storage[System.items.eventCount()] = UInt32(clamping: events.count)
  }

  // MARK: Events

  /// Adds an event.
  ///
  /// - Parameter event: the event's index in its pallet and its fields.
  mutating func deposit(_ pallet: UInt8, _ event: [UInt8]) {
    var writer = ScaleWriter(reserving: event.count + 8)
    switch phase {
    case .extrinsic(let index):
      writer.write(UInt8(0))
      writer.write(index)
    case .finalization: writer.write(UInt8(1))
    case .initialization: writer.write(UInt8(2))
    }
    writer.write(pallet)
    writer.write(raw: event)
    // No topics.
    writer.write(compact: 0)
    events.append(writer.bytes)
  }

  /// Runs `body` so that it either happens as a whole or not at all.
  mutating func transaction(_ body: (inout Runtime) throws -> Void) rethrows {
    let before = events.count
    storage.begin()
    do {
      try body(&self)
      storage.commit()
    } catch {
      storage.rollback()
      events.removeLast(events.count - before)
      throw error
    }
  }
}
