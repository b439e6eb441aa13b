import NIOCore

/// The one timer behind the deadlines of all streams of a connection.
///
/// It is set for the earliest deadline that was ever asked for, and stays when that is dropped: most calls end long
/// before their time, and cost no timer so. When it rings, the handler looks at all streams and sets it again.
struct StreamAlarms {
  private var timer: (time: NIODeadline, task: Scheduled<Void>)?

  /// Sees to it that ``ConnectionHandler/alarmRang()`` is called at `time`, or earlier.
  mutating func set(for time: NIODeadline, on handler: ConnectionHandler) {
    guard timer.map({ time < $0.time }) ?? true else { return }
    timer?.task.cancel()
    timer = handler.schedule(at: time) {
      $0.alarms.timer = nil
      $0.alarmRang()
    }.map { (time, $0) }
  }

  mutating func cancel() {
    timer?.task.cancel()
    timer = nil
  }
}
