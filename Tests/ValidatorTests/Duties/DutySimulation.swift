import Substrate
import Testing

@testable import Validator

/// A validator's epochs in virtual time: a chain that forks, skips and stalls, endpoints that fail, and a process that
/// crashes anywhere. The pipeline is the real one, and so is the state machine of each duty; disk and chain are values.
struct DutySimulation {
  static let (length, slot, own): (UInt64, UInt64, UInt32) = (10, 3, 1)

  struct Faults {
    var crash = 0.0
    var reorganisation = 0.0
    var missedHead = 0.0
    var failure = 0.0
  }

  struct Duty: Hashable {
    let duty: Validator.Duty
    let epoch: UInt32
  }

  /// What survives a crash.
  struct Disk {
    var epochs: [UInt32: EpochProgress] = [:]
    var journal: [Duty: DutyProgress] = [:]
    var signedAt: [Duty: UInt64] = [:]
  }

  private struct Work {
    let action: DutyPipeline.Action
    let due: UInt64
  }

  var disk = Disk()
  private var random: SplitMix64
  private let faults: Faults
  private let clock: EpochClock
  private let nodes: [SubnetNode]
  /// The process; nil while it is down.
  private var pipeline: DutyPipeline?
  private var outstanding: [Work] = []
  /// What the process looks for in blocks; nobody else tells the journal what became of it.
  private var followed: Set<Duty> = []
  /// Whether the process has not been told a moment yet.
  private var isNew = true
  /// The last moment that the process knows of.
  private var told: EpochPosition?
  private(set) var best: UInt64 = 0
  private var fork: UInt8 = 0
  private var downUntil: UInt64 = 0
  /// The elected node of recent epochs; nil for nobody.
  private var elected: [UInt32: UInt32?] = [:]
  /// The block of another node's proposal.
  private var proposals: [UInt32: UInt64] = [:]
  // What happened, for the test.
  private(set) var violations: [String] = []
  private(set) var mostEpochs = 0
  private(set) var crashes = 0
  private(set) var restartsInEpoch: Set<UInt32> = []

  init(seed: UInt64, _ faults: Faults) throws {
    random = SplitMix64(seed: seed)
    self.faults = faults
    clock = EpochClock(try #require(SubnetClock(epochLength: Self.length, slot: Self.slot)))
    nodes = (1...3).map { SimulatedSubnet.node($0) }
    pipeline = Self.newProcess()
  }

  private static func newProcess() -> DutyPipeline { DutyPipeline(DutyPipeline.Settings()) }

  private mutating func chance(_ probability: Double) -> Bool {
    Double(random.next() >> 11) / Double(1 << 53) < probability
  }

  private mutating func draw(_ below: UInt64) -> UInt64 { random.next() % below }

  /// Lives through so many epochs.
  mutating func run(epochs: UInt32) {
    let end = clock.blocks.firstBlock(of: epochs)
    while best < end { step() }
  }

  private mutating func step() {
    best += 1
    if chance(faults.reorganisation), best > 4 {
      // The heads fall back for a while, and an election may end otherwise.
      best -= 1 + draw(3)
      fork &+= 1
      if let position = clock.position(of: best), position.into < 3, chance(0.3) { elected[position.epoch] = nil }
    }
    guard let position = clock.position(of: best) else { return }
    if elected[position.epoch] == nil { elect(position.epoch) }
    if pipeline == nil, best >= downUntil { start() }
    if pipeline != nil, chance(faults.crash) { crash() }
    settleDuties(position)
    guard pipeline != nil else { return }
    carryOutWhatIsDue()
    guard !chance(faults.missedHead) else { return }
    let now = moment(position)
    told = position
    goOn(position)
    let actions = pipeline?.advance(to: now) ?? []
    begin(actions)
    mostEpochs = max(mostEpochs, pipeline?.works.count ?? 0)
    forget(before: position.epoch)
  }

  private mutating func elect(_ epoch: UInt32) {
    let node = UInt32(draw(10))
    // Somebody in nine of ten epochs, this node in three.
    elected[epoch] = .some(node == 9 ? nil : 1 + node % 3)
    let into = draw(12)
    proposals[epoch] = into < 8 ? clock.blocks.firstBlock(of: epoch) + into : nil
  }

  private func moment(_ position: EpochPosition) -> EpochMoment {
    let first = clock.blocks.firstBlock(of: position.epoch)
    return EpochMoment(
      best: BlockReference(number: best, hash: SimulatedSubnet.hash(best, fork)),
      finalized: BlockReference(number: best - min(best, 3), hash: SimulatedSubnet.hash(best - min(best, 3), 0)),
      clock: clock, position: position, firstBlockHash: first + 3 <= best ? SimulatedSubnet.hash(first, 0) : nil,
      elected: elected[position.epoch] ?? nil,
      roster: SubnetRoster(state: .active, minimumStake: 0, nodes: nodes), ownNode: nodes[0])
  }

  // MARK: The process

  private mutating func crash() {
    crashes += 1
    pipeline = nil
    (outstanding, followed) = ([], [])
    downUntil = best + draw(15)
    if let epoch = clock.position(of: best)?.epoch { restartsInEpoch.formUnion([epoch, epoch + 1, epoch + 2]) }
  }

  private mutating func start() {
    pipeline = Self.newProcess()
    isNew = true
  }

  /// With its first moment, a process looks after what was left of epochs that are over.
  private mutating func goOn(_ position: EpochPosition) {
    guard isNew else { return }
    isNew = false
    for (duty, progress) in disk.journal where duty.epoch < position.epoch {
      switch progress.next {
      case .decide: note(duty, .miss(.notRunning))
      case .send, .follow: followed.insert(duty)
      case .nothing: break
      }
    }
  }

  private mutating func begin(_ actions: [DutyPipeline.Action]) {
    // Judged by what the process was told: a head that it missed it can't know of.
    guard let now = told else { return }
    for action in actions {
      switch action {
      case .attempt(let duty, let epoch):
        if epoch != now.epoch { violations.append("\(duty) of \(epoch) is tried in \(now)") }
        let state = disk.journal[Duty(duty: duty, epoch: epoch)]
        if state?.isDone == true { violations.append("\(duty) of \(epoch) is tried after its end") }
      case .challenge(let epoch):
        if epoch != now.epoch || !now.isIn(EpochTimetable.standard.call) {
          violations.append("hosters of \(epoch) are called in \(now)")
        }
      case .recall, .open, .derive, .endChallenge, .score, .miss, .close: break
      }
      let takes: UInt64 = if case .challenge = action { 1 + draw(5) } else { draw(2) }
      outstanding.append(Work(action: action, due: best + takes))
    }
  }

  private mutating func carryOutWhatIsDue() {
    let due = outstanding.filter { $0.due <= best }
    outstanding.removeAll { $0.due <= best }
    for work in due {
      // A crash between two actions of one moment.
      if chance(faults.crash) { return crash() }
      let report: DutyPipeline.Report? =
        chance(faults.failure) ? .failed(work.action) : carryOut(work.action)
      if let report { tell(report) }
    }
  }

  private mutating func tell(_ report: DutyPipeline.Report) {
    let actions = pipeline?.take(report) ?? []
    begin(actions)
  }

  private mutating func carryOut(_ action: DutyPipeline.Action) -> DutyPipeline.Report? {
    switch action {
    case .recall(let epoch):
      var progress = disk.epochs[epoch] ?? EpochProgress()
      for duty in Validator.Duty.allCases {
        progress.duties[duty] = disk.journal[Duty(duty: duty, epoch: epoch)]?.next
      }
      return .recalled(epoch, progress)
    case .open(let epoch): disk.epochs[epoch, default: EpochProgress()].isOpen = true
    case .derive(let epoch, _): disk.epochs[epoch, default: EpochProgress()].hasTensors = true
    case .challenge(let epoch):
      disk.epochs[epoch, default: EpochProgress()].isChallengeBegun = true
      disk.epochs[epoch]?.isChallenged = true
    case .endChallenge(let epoch):
      // The challenge ends now, with what it has.
      for index in outstanding.indices where outstanding[index].action == .challenge(epoch) {
        outstanding[index] = Work(action: .challenge(epoch), due: best)
      }
      return nil
    case .score(let epoch):
      if disk.epochs[epoch]?.isChallenged != true { violations.append("\(epoch) is scored without evidence") }
      disk.epochs[epoch]?.isScored = true
    case .attempt(let duty, let epoch):
      let outcome = attempt(Duty(duty: duty, epoch: epoch))
      if outcome == .followed { followed.insert(Duty(duty: duty, epoch: epoch)) }
      return .duty(duty, epoch, outcome)
    case .miss(let duty, let epoch, let reason, _):
      let duty = Duty(duty: duty, epoch: epoch)
      if disk.journal[duty] == nil { disk.journal[duty] = DutyProgress() }
      switch disk.journal[duty]?.next {
      case .decide, .send: note(duty, .miss(reason))
      case .follow: followed.insert(duty)
      case .nothing, nil: break
      }
      return nil
    case .close: break
    }
    return .done(action)
  }

  // MARK: Duties

  private mutating func attempt(_ duty: Duty) -> DutyPipeline.Outcome {
    guard let position = clock.position(of: best) else { return .waiting(.tooLate) }
    let progress = disk.journal[duty] ?? DutyProgress()
    disk.journal[duty] = progress
    switch progress.next {
    case .nothing: return .settled
    case .follow: return .followed
    case .decide, .send: break
    }
    guard position.epoch == duty.epoch else { return .waiting(.tooLate) }
    guard duty.epoch > 0, disk.epochs[duty.epoch - 1]?.isScored == true else { return .waiting(.noScores) }
    let isElected = (elected[duty.epoch] ?? nil) == Self.own
    switch duty.duty {
    case .propose where !isElected: return .waiting(.notElected)
    case .attest where proposals[duty.epoch].map({ $0 > best }) ?? true: return .waiting(.noProposal)
    case .propose, .attest: break
    }
    if progress.state == .planned {
      if disk.signedAt[duty] != nil { violations.append("\(duty) is signed twice") }
      disk.signedAt[duty] = best
      note(duty, .sign)
      // A crash between the signature and its sending.
      if chance(faults.crash) {
        crash()
        return .waiting(.notRunning)
      }
    }
    note(duty, .send)
    return .followed
  }

  /// What was sent gets into a block and becomes final, or runs out with its epoch.
  private mutating func settleDuties(_ position: EpochPosition) {
    for (duty, progress) in disk.journal where followed.contains(duty) && [.send, .follow].contains(progress.next) {
      let age = best - min(best, disk.signedAt[duty] ?? best)
      let block = BlockReference(number: best, hash: SimulatedSubnet.hash(best, fork))
      switch progress.state {
      case .sent where duty.epoch == position.epoch && age >= 1: note(duty, .include(block))
      case .included where chance(faults.reorganisation): note(duty, .retract)
      case .included where age >= 4: note(duty, .finalize(block))
      case .sent where duty.epoch < position.epoch: note(duty, .expire)
      case .signed where duty.epoch < position.epoch: note(duty, .expire)
      default: continue
      }
      if disk.journal[duty]?.isDone == true {
        followed.remove(duty)
        tell(.duty(duty.duty, duty.epoch, .settled))
      }
    }
  }

  private mutating func note(_ duty: Duty, _ event: DutyProgress.Event) {
    do throws(ProtectionError) { _ = try disk.journal[duty]?.apply(event) } catch {
      violations.append("\(duty): \(error.message)")
    }
  }

  /// Checks what is over, and forgets it as retention does.
  private mutating func forget(before epoch: UInt32) {
    guard epoch > 4, clock.position(of: best)?.into == 5 else { return }
    for (duty, progress) in disk.journal where duty.epoch + 3 < epoch {
      if !progress.isDone { violations.append("\(duty) of an old epoch is still \(progress.state.name)") }
      tally[progress.state.reason ?? progress.state.name, default: 0] += 1
      if progress.state.name == "missed", !restartsInEpoch.contains(duty.epoch) {
        calmMisses[progress.state.reason ?? "", default: 0] += 1
      }
      disk.journal[duty] = nil
      disk.signedAt[duty] = nil
    }
    for old in disk.epochs.keys where old + 4 < epoch { disk.epochs[old] = nil }
    for old in elected.keys where old + 4 < epoch { (elected[old], proposals[old]) = (nil, nil) }
    restartsInEpoch = restartsInEpoch.filter { $0 + 8 > epoch }
  }

  /// How duties ended: by state, the missed ones by reason.
  private(set) var tally: [String: Int] = [:]
  /// Why duties were missed in epochs without a restart.
  private(set) var calmMisses: [String: Int] = [:]
  /// How much a process and its disk hold.
  var size: Int { disk.epochs.count + disk.journal.count + elected.count + outstanding.count }
}
